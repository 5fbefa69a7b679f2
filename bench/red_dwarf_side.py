"""Runs in red-dwarf's own environment, never in ours: votes on standard input, its groups on standard output."""

import json
import sys
import time

from reddwarf.implementations.polis import run_pipeline


def main() -> None:
    """Answer one question."""
    asked = json.load(sys.stdin)
    begun = time.process_time()
    found = run_pipeline(
        votes=asked["votes"],
        min_user_vote_threshold=asked["needed"],
        force_group_count=asked["groups"],
        random_state=0,
    )
    seconds = time.process_time() - begun
    groups = found.participants_df["cluster_id"].dropna().astype(int)
    json.dump(
        {
            "members": {str(person): int(group) for person, group in groups.items()},
            "places": {str(person): list(map(float, at)) for person, at in found.participant_projections.items()},
            "consensus": {str(idea): float(value) for idea, value in found.group_aware_consensus["agree"].items()},
            "seconds": seconds,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
