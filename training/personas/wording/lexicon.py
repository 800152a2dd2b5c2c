"""Nicer words for common values; other values follow the rules of `training.personas.wording.phrases`.

Keys are normalised values (`models.profile.vocabulary`), whatever the field: the same words serve other profile
shapes.
"""

from collections.abc import Mapping
from typing import Final

# A value in a sentence, where its own words do not read well.
SAID: Final[Mapping[str, str]] = {
    "diy": "DIY", "lego": "LEGO", "pc": "computers", "celebrity_news": "celebrity news",
    # occupations, after "be"
    "retired": "retired", "unemployed": "between jobs", "self_employed": "self-employed",
    "sales": "in sales", "marketing": "in marketing", "stay_at_home_parent": "a stay-at-home parent",
    # relationships, after "buy for"
    "in_law": "an in-law", "in_laws": "in-laws", "self": "themselves",
    # occasions, after "shop for"
    "birthday": "birthdays", "christmas": "Christmas", "easter": "Easter", "anniversary": "anniversaries",
    "wedding": "weddings", "graduation": "graduations", "housewarming": "housewarmings",
    "retirement": "retirement parties", "baby_shower": "baby showers", "valentines": "Valentine's Day",
    "valentines_day": "Valentine's Day", "mothers_day": "Mother's Day", "fathers_day": "Father's Day",
    "thank_you": "thank-yous", "just_because": "no special occasion", "hanukkah": "Hanukkah",
    "diwali": "Diwali", "eid": "Eid",
    # stores, after "prefer"
    "online_only": "online stores", "online": "online stores", "boutique": "boutiques",
    "branded": "well-known brands", "unbranded": "unbranded goods", "handmade": "handmade goods",
    "outlet": "outlets", "department_store": "department stores", "supermarket": "supermarkets",
    "local_market": "local markets", "second_hand": "second-hand shops", "bookshop": "bookshops",
    # films, before "films"
    "science_fiction": "science-fiction", "sci_fi": "sci-fi", "classics": "classic", "romantic": "romance",
    "animated": "animation", "children": "children's", "childrens": "children's", "kids": "kids'",
}  # fmt: skip

# Irregular plurals of values.
MANY: Final[Mapping[str, str]] = {
    "child": "children", "grandchild": "grandchildren", "niece_or_nephew": "nieces and nephews",
    "aunt_or_uncle": "aunts and uncles", "in_law": "in-laws", "stay_at_home_parent": "stay-at-home parents",
}  # fmt: skip

# A value of a gift field after "give".
GIVEN: Final[Mapping[str, str]] = {
    "practical": "practical gifts", "novelty": "novelty gifts", "luxury": "luxury gifts",
    "personalised": "personalised gifts", "wellness": "wellness gifts", "beauty": "beauty products",
    "home": "things for the home", "sports": "sports gear", "experience": "experiences", "book": "books",
    "toy": "toys", "food_and_drink": "food and drink", "handmade": "handmade gifts", "other": "other gifts",
    "gift_card": "gift cards", "outdoor": "outdoor gear", "travel": "travel gifts", "fitness": "fitness gear",
}  # fmt: skip

# A value before a noun, in a name: "electronics" → "gadget givers".
ATTRIBUTE: Final[Mapping[str, str]] = {
    "electronics": "gadget", "technology": "tech", "tech": "tech", "gadgets": "gadget", "home": "homeware",
    "sports": "sports-gear", "food_and_drink": "food-and-drink", "personalised": "personal",
    "diy": "DIY", "lego": "LEGO", "christmas": "Christmas", "easter": "Easter",
    "valentines": "Valentine's", "valentines_day": "Valentine's", "mothers_day": "Mother's-Day",
    "fathers_day": "Father's-Day", "thank_you": "thank-you", "just_because": "any-day",
    "online_only": "online", "classics": "classic", "hanukkah": "Hanukkah", "diwali": "Diwali", "eid": "Eid",
    "branded": "big-brand", "unbranded": "no-logo", "second_hand": "second-hand",
    # "Younger children film fans" would be children.
    "children": "", "childrens": "", "kids": "",
}  # fmt: skip

# The adjective for people with this value, before a noun.
ADJECTIVE: Final[Mapping[str, str]] = {
    "technology": "tech-loving", "science_and_technology": "tech-loving", "gadgets": "gadget-loving",
    "gaming": "game-loving", "video_games": "game-loving", "coding": "tech-loving", "computers": "tech-loving",
    "programming": "tech-loving", "drones": "tech-loving", "internet": "always-online",
    "reading": "bookish", "writing": "word-loving", "poetry": "poetry-loving", "cooking": "home-cooking",
    "baking": "home-baking", "gardening": "green-fingered", "diy": "hands-on", "woodworking": "hands-on",
    "crafts": "crafty", "knitting": "crafty", "pottery": "crafty", "sewing": "crafty", "fitness": "fit-minded",
    "gym": "fit-minded", "running": "sporty", "football": "sporty", "doing_sport": "sporty", "tennis": "sporty",
    "cycling": "outdoorsy", "hiking": "outdoorsy", "camping": "outdoorsy", "climbing": "outdoorsy",
    "outdoors": "outdoorsy", "skiing": "outdoorsy", "fishing": "outdoorsy", "walking": "outdoorsy",
    "travel": "travel-loving", "yoga": "yoga-loving", "meditation": "mindful", "mindfulness": "mindful",
    "fashion": "fashion-conscious", "shopping": "shopping-loving", "painting": "artistic", "art": "artistic",
    "art_exhibitions": "art-loving", "theatre": "theatre-going", "music": "music-loving",
    "playing_music": "musical", "dancing": "dance-loving", "photography": "camera-loving",
    "wine_tasting": "wine-loving", "adrenaline_sports": "thrill-seeking", "watching_sport": "sport-watching",
    "going_out_with_friends": "sociable", "celebrity_news": "celebrity-following", "pets": "pet-loving",
    "volunteering": "big-hearted", "mathematics": "maths-loving", "economics": "business-minded",
    "business": "business-minded", "politics": "politically minded", "law": "law-minded",
    "biology": "science-loving", "chemistry": "science-loving", "physics": "science-loving",
    "medicine": "medicine-minded", "religion": "faith-minded", "foreign_languages": "language-loving",
    "languages": "language-loving", "history": "history-loving", "bird_watching": "bird-watching",
    "boutique": "boutique-loving", "branded": "brand-loving", "unbranded": "no-logo", "handmade": "craft-loving",
    "online_only": "online", "second_hand": "second-hand-loving", "bookshop": "bookish",
    "outlet": "bargain-hunting", "supermarket": "no-nonsense",
}  # fmt: skip

# The noun for people with this value.
PEOPLE: Final[Mapping[str, str]] = {
    "technology": "tech fans", "science_and_technology": "tech fans", "gaming": "gamers",
    "video_games": "gamers", "coding": "coders", "computers": "computer fans", "reading": "readers",
    "writing": "writers", "cooking": "home cooks", "baking": "home bakers", "gardening": "gardeners",
    "diy": "DIY fans", "woodworking": "woodworkers", "crafts": "crafters", "knitting": "knitters",
    "running": "runners", "cycling": "cyclists", "hiking": "hikers", "camping": "campers",
    "climbing": "climbers", "skiing": "skiers", "fishing": "anglers", "walking": "walkers",
    "travel": "travellers", "dancing": "dancers", "painting": "painters", "photography": "photographers",
    "music": "music fans", "theatre": "theatre-goers", "playing_music": "music makers",
    "doing_sport": "sports players", "watching_sport": "sports fans", "shopping": "shoppers",
    "adrenaline_sports": "thrill-seekers", "going_out_with_friends": "party-goers", "pets": "pet fans",
    "outdoors": "outdoor fans", "art_exhibitions": "art fans", "bird_watching": "bird-watchers",
    "mathematics": "maths fans", "novels": "novel readers", "tea": "tea drinkers", "coffee": "coffee drinkers",
    "wine": "wine drinkers", "parties": "party-goers", "healthy_food": "healthy eaters",
    "beauty_and_style": "style fans", "skincare": "skincare fans", "gadgets": "gadget fans",
    "branded": "brand shoppers", "handmade": "handmade fans", "rock_and_roll": "rock-and-roll fans",
    "outlet": "bargain hunters", "foreign_languages": "language learners", "languages": "language learners",
}  # fmt: skip

# Values that say that there is no value, and make no name.
NO_ANSWERS: Final = frozenset(
    {
        "n/a", "na", "nan", "no_answer", "nil", "none", "not_applicable", "not_given", "null", "other", "others",
        "prefer_not_to_say", "undefined", "unknown",
    }
)  # fmt: skip

# Answers that name nobody without their question.
YES_OR_NO: Final = frozenset({"yes", "no", "y", "n", "true", "false"})

# Every value that has a word of its own above.
LEXICON: Final = frozenset().union(SAID, MANY, GIVEN, ATTRIBUTE, ADJECTIVE, PEOPLE)
