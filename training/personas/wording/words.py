"""English words that the dictionary of `training.personas.wording.english` lacks, or whose kind matters there."""

from typing import Final

# English nouns that lemminflect's dictionary does not have, in the singular.
ENGLISH: Final = frozenset(
    {
        "accessory", "anime", "barbecue", "barista", "bbq", "birdwatching", "blogger", "blogging", "boardgame",
        "bookshop", "bookstore", "bouldering", "calligraphy", "christening", "christmas", "cookware", "cosplay",
        "crossfit", "crypto", "decor", "diy", "dvd", "earbud", "easter", "email", "esport", "filmmaking",
        "freelancer", "giver", "haircare", "halloween", "hanukkah", "homebrewing", "housewarming", "influencer",
        "karaoke", "kitchenware", "lego", "livestream", "manga", "paddleboard", "pc", "pilates", "podcast",
        "podcasting", "reggae", "rugby", "salsa", "scrapbooking", "selfcare", "sitcom", "ska", "skincare",
        "smartphone", "smartwatch", "snowboarding", "sudoku", "superhero", "sustainability", "tarot", "tech",
        "techno", "thrifting", "thriller", "tradesperson", "translator", "trivia", "ukulele", "upcycling",
        "videogame", "videography", "vlog", "vlogging", "wellbeing", "wellness", "zumba",
    }
)  # fmt: skip

PREPOSITIONS: Final = frozenset(
    {
        "about", "around", "as", "at", "by", "for", "from", "in", "into", "like", "near", "of", "off", "on", "out",
        "over", "than", "to", "under", "up", "with", "without",
    }
)  # fmt: skip
FUNCTION_WORDS: Final = PREPOSITIONS | {
    "a", "an", "and", "because", "if", "me", "n", "or", "our", "so", "that", "the", "their", "them", "they",
    "this", "us", "who", "you", "your",
}  # fmt: skip
# With one of these a value is a statement, and no name of a thing.
PRONOUNS: Final = frozenset(
    {
        "all", "any", "anyone", "anything", "everyone", "everything", "i", "it", "less", "me", "more", "most",
        "much", "my", "never", "no", "none", "not", "nothing", "other", "others", "our", "someone", "something",
        "that", "their", "them", "they", "this", "too", "us", "very", "we", "who", "you", "your",
    }
)  # fmt: skip
# Verbs that begin many a statement, and that the dictionary knows as nouns or adjectives too.
VERBS: Final = frozenset(
    {
        "avoid", "be", "become", "bring", "buy", "care", "do", "enjoy", "escape", "feel", "find", "get", "give",
        "go", "have", "help", "improve", "increase", "keep", "learn", "leave", "like", "love", "make", "meet",
        "need", "save", "see", "set", "share", "show", "spend", "stay", "support", "take", "try", "visit", "want",
    }
)  # fmt: skip
# Nouns for people that do not end like "teacher" or "artist".
PERSONS: Final = frozenset(
    {
        "accountant", "adult", "agent", "aide", "analyst", "apprentice", "architect", "assistant", "athlete",
        "aunt", "baby", "boss", "boy", "chef", "chief", "child", "clerk", "coach", "colleague", "cook", "couple",
        "cousin", "dad", "entrepreneur", "executive", "expert", "freelance", "friend", "girl", "graduate",
        "grandchild", "grandparent", "guard", "guest", "guide", "guy", "host", "housemaid", "housewife", "husband",
        "intern", "judge", "kid", "lady", "mechanic", "medic", "midwife", "mom", "monk", "mum", "nanny", "nephew",
        "niece", "nurse", "officer", "official", "paramedic", "parent", "partner", "people", "pilot", "police",
        "politician", "president", "priest", "professional", "relative", "representative", "resident", "retiree",
        "scholar", "secretary", "spouse", "student", "teen", "uncle", "undergraduate", "veteran", "wife", "youth",
    }
)  # fmt: skip

# Well-known names that consist of English words, for data whose capitals do not give them away.
NAMES: Final = frozenset(
    {
        "apple_watch", "breaking_bad", "call_of_duty", "dungeons_and_dragons", "final_fantasy", "game_of_thrones",
        "grand_theft_auto", "guitar_hero", "hunger_games", "james_bond", "jurassic_park", "lord_of_the_rings",
        "mission_impossible", "old_spice", "pirates_of_the_caribbean", "snow_white", "spider_man", "star_trek",
        "star_wars", "stranger_things", "super_mario", "the_beatles", "the_body_shop", "the_lord_of_the_rings",
        "the_north_face", "the_sims", "top_gun", "toy_story", "world_of_warcraft",
    }
)  # fmt: skip
