"""A state that was frozen before reports told of firmness, sorts and opinion groups, as it was stored then."""

OLD = (
    '{"code":"K7M2PX","conference":"Creative Conversations","conversation":"What would an empty building do for y'
    'ou?","facilitator":"Maria Rossi","frozen_at":1795356180000,"language":"en","ledger":{"hidden":[["insulting",'
    '4],["",2]],"merged":3,"published":5,"received":17,"withdrawn":3},"leftovers":[{"agree":3,"disagree":3,"id":"'
    '01JDABCDEFGHJKMNPQRSTV0003","lang":"en","number":3,"passes":1,"prompt":1,"source":"phone","text":"A library '
    'of tools\\nand of seeds","theme":null,"written_at":1795356000000}],"method":{"edits":17,"engine":"lexical","i'
    'deas_placed_by_people":64,"seed":0,"themes_found":2},"name":"Final","participation":{"joined":142,"voted":13'
    '1,"votes":15,"wrote":118},"prompts":[{"ideas":5,"number":1,"text":"What would you do with it?","votes_each":'
    '3}],"rapporteur":"Jörg Überwald","seq":2812,"strand":"Inspire","tagline":"partnerships for creative places",'
    '"themes":[{"ideas":[{"agree":4,"disagree":0,"id":"01JDABCDEFGHJKMNPQRSTV0004","lang":"en","number":4,"passes'
    '":0,"prompt":1,"source":"phone","text":"Free rooms for choirs","theme":1,"written_at":1795355940000},{"agree'
    '":1,"disagree":1,"id":"01JDABCDEFGHJKMNPQRSTV0001","lang":"en","number":1,"passes":1,"prompt":1,"source":"ph'
    'one","text":"Open the depot at night","theme":1,"written_at":1795356120000}],"name":"Theme name 1","number":'
    '1,"representatives":["01JDABCDEFGHJKMNPQRSTV0001"],"terms":["depot","night"],"votes":5},{"ideas":[{"agree":5'
    ',"disagree":1,"id":"01JDABCDEFGHJKMNPQRSTV0005","lang":"en","number":5,"passes":1,"prompt":1,"source":"floor'
    '","text":"=Ask(neighbours)","theme":2,"written_at":1795355880000},{"agree":2,"disagree":2,"id":"01JDABCDEFGH'
    'JKMNPQRSTV0002","lang":"en","number":2,"passes":0,"prompt":1,"source":"phone","text":"Students run the bar",'
    '"theme":2,"written_at":1795356060000}],"name":"Theme name 2","number":2,"representatives":["01JDABCDEFGHJKMN'
    'PQRSTV0002"],"terms":["depot","night"],"votes":7}],"time_zone":"Europe/Vienna"}'
)
OLD_CHECKSUM = "257f5871adeef62620ccef0ee1ece18bc2a03cc155ab2feee05e05520999bc15"
#: SHA-256 of the files that were made of it then.
OLD_FILES = {
    "csv": "050eb2c1158844acd3b9d09b53502e48091633f0c991625351a6942ab625faea",
    "json": "b216aba47dc1268a21f28ef4c0aa0b9008fa7e8fc5d7085521dcc0139447bc4f",
    "md": "dceee9ec3a1409254c723b085eabcf4a0fcc9afddac627b1a2c762e3f9f9730b",
}
