import hashlib
import json

from feedback.domain.reports import checksum_of, report_of
from feedback.export import render


def test_json_holds_the_whole_report(report, words):
    found = json.loads(render(report, "json", words))
    assert (found["format"], found["version"]) == ("feedback-report", 1)
    assert report_of(json.dumps(found["report"])) == report


def test_json_can_be_checked_by_the_rule_it_names(report, words):
    found = json.loads(render(report, "json", words))
    canonical = json.dumps(found["report"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert found["checksum"] == hashlib.sha256(canonical.encode()).hexdigest() == checksum_of(report)
