"""The words of the stories: those that each topic has, those that all have, and who and what there is.

A pool has its most frequent word first. Verbs are listed as said of several. Some words belong to two
topics (`watch`, `warm`, `soft`, `play`), and some to two classes: `plant`, `walk` and `dream` are verbs and
things, `cooks` is what one does and what several are, `orange` a thing and a colour, `fast` a quality and a
manner.
"""

from __future__ import annotations

TOPICS = {
    "searching": {
        "make": "find follow watch spot",
        "go": "search wander hide",
        "object": "trail map watch owl",
        "room": "cellar attic",
        "adjective": "hidden dusty",
        "adverb": "everywhere carefully",
        "people": "hunters",
        "feeling": "curious",
    },
    "eating": {
        "make": "cook eat taste",
        "go": "drink feast",
        "object": "soup drink orange feast",
        "room": "kitchen bakery",
        "adjective": "sweet warm orange",
        "adverb": "slowly hungrily",
        "people": "cooks",
        "feeling": "hungry",
    },
    "playing": {
        "make": "throw catch kick",
        "go": "play race jump",
        "object": "ball kite race arrow",
        "room": "yard playground",
        "adjective": "round fast",
        "adverb": "fast wildly",
        "people": "children",
        "feeling": "merry",
    },
    "weather": {
        "make": "fear watch notice",
        "go": "shiver freeze",
        "object": "storm rain snow icicle",
        "room": "field valley",
        "adjective": "cold icy",
        "adverb": "badly terribly",
        "people": "farmers",
        "feeling": "afraid",
    },
    "gardening": {
        "make": "plant water pick",
        "go": "dig kneel",
        "object": "rose plant water iris",
        "room": "garden orchard",
        "adjective": "green wild",
        "adverb": "patiently gently",
        "people": "gardeners",
        "feeling": "proud",
    },
    "travelling": {
        "make": "board leave drive",
        "go": "walk sail travel",
        "object": "train ship walk island",
        "room": "station harbour",
        "adjective": "slow empty",
        "adverb": "onward eastward",
        "people": "sailors",
        "feeling": "lonely",
    },
    "music": {
        "make": "sing hear play",
        "go": "dance hum",
        "object": "song dance play opera",
        "room": "theatre hall",
        "adjective": "loud soft",
        "adverb": "softly loudly",
        "people": "singers",
        "feeling": "cheerful",
    },
    "sleeping": {
        "make": "need hug share",
        "go": "sleep dream yawn",
        "object": "pillow dream sleep blanket",
        "room": "bedroom tent",
        "adjective": "soft warm quiet",
        "adverb": "deeply quietly",
        "people": "babies",
        "feeling": "tired",
    },
}
COMMON = {
    "make": "see like",
    "go": "wait smile",
    "object": "picture umbrella",
    "room": "house",
    "adjective": "new old",
    "adverb": "again",
    "people": "friends",
    "feeling": "happy sad",
}
"""whatever the topic is"""

SHE = "mia anna lily ella rosa nora"
HE = "tom ben max sam leo paul"
SURNAMES = "fox hill brook king page swan marsh lane"
THINGS = "lamp box clock mirror basket bottle chair ladder"
SYLLABLES = "la dum dee tra hey ho fol rol tum fa so bim"
WHEREABOUTS = "upstairs downstairs outside inside nearby abroad underground overhead"
