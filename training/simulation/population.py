"""The simulated population: the possible answers, their shares, and their dependence on one another.

The numbers are invented to resemble a gifting app; none was measured. Personas are in `planted`, the arithmetic is
in `world`.
"""

from collections.abc import Mapping
from typing import Final

Shares = Mapping[str, float]

FIRST_AGE: Final = 13
LAST_AGE: Final = 95
MOST_PURCHASES: Final = 120
MOST_LEAD_DAYS: Final = 180

# The first age of each band. Within a persona, answers depend on age through its band alone.
BANDS: Final = (13, 20, 30, 45, 60, 75)
POPULATION_AGE: Final = (41.0, 18.0)
POPULATION_PURCHASES: Final = (7.0, 0.75)
POPULATION_LEAD_DAYS: Final = (11.0, 0.85)

# Factors of an answer's share by age band.
CURVES: Final[Mapping[str, tuple[float, ...]]] = {
    "flat": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    "young": (1.3, 1.2, 1.05, 0.9, 0.75, 0.65),
    "old": (0.7, 0.8, 0.95, 1.1, 1.2, 1.3),
    "novel": (2.4, 1.8, 1.1, 0.7, 0.45, 0.3),
    "sober": (0.3, 0.45, 0.8, 1.2, 1.7, 2.1),
    "teen": (9.0, 2.2, 0.05, 0.01, 0.01, 0.01),
    "adult": (0.3, 1.0, 1.2, 1.2, 0.8, 0.6),
    "parental": (0.1, 0.7, 1.8, 1.0, 0.4, 0.2),
    "working": (0.1, 1.0, 1.2, 1.2, 0.35, 0.03),
    "retired": (0.01, 0.01, 0.02, 0.2, 7.0, 18.0),
}

# Single choice: relative shares. Lists: the probability of a tick at medium engagement.
CHOICES: Final[Mapping[str, Mapping[str, Shares]]] = {
    "relationship": {
        "flat": {"friend": 26, "sibling": 11, "cousin": 2.5, "neighbour": 2, "godparent": 1},
        "adult": {"partner": 20, "colleague": 7, "spouse": 4, "boss": 1, "in_law": 2.5},
        "old": {"parent": 15, "aunt_or_uncle": 2, "grandparent": 4},
        "teen": {"child": 5, "niece_or_nephew": 2, "grandchild": 1.2},
    },
    "occupation": {
        "teen": {"student": 12, "apprentice": 1.6, "intern": 0.7},
        "retired": {"retired": 9, "volunteer": 0.7},
        "parental": {"stay_at_home_parent": 3.2},
        "working": {
            "teacher": 9, "office_manager": 7.5, "nurse": 6.5, "software_engineer": 6, "sales": 5.2,
            "accountant": 4.6, "shop_assistant": 4.2, "project_manager": 3.7, "marketing": 3.3,
            "driver": 3, "engineer": 2.7, "chef": 2.4, "designer": 2.2, "electrician": 2,
            "social_worker": 1.8, "data_analyst": 1.6, "carpenter": 1.5, "doctor": 1.4, "lawyer": 1.3,
            "physiotherapist": 1.2, "farmer": 1.1, "hairdresser": 1.0, "police_officer": 0.95,
            "librarian": 0.9, "editor": 0.8, "executive": 0.8, "plumber": 0.75, "scientist": 0.7,
            "product_manager": 0.7, "fitness_trainer": 0.6, "architect": 0.6, "pharmacist": 0.55,
            "journalist": 0.5, "photographer": 0.45, "yoga_teacher": 0.4, "musician": 0.4,
            "translator": 0.35, "firefighter": 0.3, "florist": 0.25, "pilot": 0.2, "baker": 0.2,
        },
    },
    "last_gift_category": {
        "novel": {"novelty": 12},
        "young": {"electronics": 10, "toys": 4, "gift_cards": 6},
        "flat": {"fashion": 10, "wellness": 7, "beauty": 5, "experience": 6, "jewellery": 5, "sports": 4},
        "old": {"books": 9, "home": 8, "kitchenware": 6, "food_and_drink": 7, "flowers": 4},
        "sober": {"practical": 8},
    },
    "occasion": {
        "flat": {"birthday": 30, "christmas": 20, "thank_you": 3, "just_because": 5, "easter": 2},
        "adult": {"anniversary": 8, "wedding": 6, "housewarming": 4, "valentines": 6, "baby_shower": 2.5},
        "young": {"graduation": 4},
        "old": {"mothers_day": 5, "fathers_day": 3.5, "retirement": 1.5},
    },
    "budget_range": {"flat": {"low": 33, "medium": 45, "high": 22}},
    "store_preference": {
        "young": {"online_only": 26, "second_hand": 3},
        "flat": {"branded": 14, "boutique": 9, "handmade": 7, "outlet": 4},
        "old": {"department_store": 17, "supermarket": 9, "local_market": 4, "bookshop": 6},
    },
}  # fmt: skip

LISTS: Final[Mapping[str, Mapping[str, Shares]]] = {
    "hobbies": {
        "flat": {
            "reading": 0.27, "cooking": 0.25, "music": 0.24, "travel": 0.22, "walking": 0.14,
            "yoga": 0.11, "hiking": 0.11, "baking": 0.11, "board_games": 0.10, "cycling": 0.09,
            "crafts": 0.07, "painting": 0.06, "meditation": 0.06, "wine_tasting": 0.06, "volunteering": 0.05,
            "camping": 0.05, "football": 0.06, "theatre": 0.04, "writing": 0.04, "pottery": 0.03,
            "languages": 0.03, "chess": 0.025, "climbing": 0.025, "tennis": 0.025, "skiing": 0.025,
            "home_brewing": 0.012, "astronomy": 0.012, "calligraphy": 0.01, "magic": 0.006,
        },
        "young": {
            "gaming": 0.17, "fitness": 0.15, "running": 0.13, "photography": 0.11, "fashion": 0.09,
            "dancing": 0.07, "anime": 0.05, "coding": 0.05, "skateboarding": 0.02, "drones": 0.015,
            "podcasting": 0.01,
        },
        "old": {
            "gardening": 0.15, "puzzles": 0.08, "diy": 0.09, "fishing": 0.05, "knitting": 0.04,
            "history": 0.05, "bird_watching": 0.03, "golf": 0.03, "woodworking": 0.03, "antiques": 0.015,
            "genealogy": 0.012,
        },
    },
    "favourite_items": {
        "flat": {
            "chocolate": 0.22, "coffee": 0.20, "novels": 0.19, "perfume": 0.11, "plants": 0.12,
            "scented_candles": 0.11, "skincare": 0.10, "cookbooks": 0.08, "blankets": 0.09, "wine": 0.10,
            "backpacks": 0.07, "watches": 0.06, "necklaces": 0.06, "notebooks": 0.06, "bath_salts": 0.05,
            "essential_oils": 0.05, "bicycles": 0.04, "tents": 0.03, "baking_tins": 0.04, "art_prints": 0.03,
        },
        "young": {
            "headphones": 0.15, "smartphones": 0.12, "sneakers": 0.12, "smartwatches": 0.09,
            "game_consoles": 0.08, "lego": 0.05, "funny_mugs": 0.06, "vinyl_records": 0.04, "e_scooters": 0.02,
        },
        "old": {"tea": 0.14, "garden_tools": 0.07, "hand_tools": 0.06, "slippers": 0.06, "radios": 0.02},
    },
    "favourite_movies": {
        "flat": {"comedy": 0.38, "drama": 0.28, "romance": 0.18, "family": 0.14, "musical": 0.08},
        "young": {
            "action": 0.27, "science_fiction": 0.18, "fantasy": 0.17, "horror": 0.12, "animation": 0.13,
            "superhero": 0.13,
        },
        "old": {"thriller": 0.19, "documentary": 0.17, "historical": 0.11, "classics": 0.08, "western": 0.04},
    },
    "gift_history": {
        "novel": {"novelty": 0.22},
        "young": {"electronics": 0.21, "toys": 0.10, "gift_cards": 0.18},
        "flat": {
            "fashion": 0.23, "wellness": 0.16, "beauty": 0.14, "experience": 0.14, "jewellery": 0.12,
            "sports": 0.11,
        },
        "old": {
            "books": 0.22, "home": 0.19, "kitchenware": 0.16, "food_and_drink": 0.19, "flowers": 0.14,
        },
        "sober": {"practical": 0.18},
    },
}  # fmt: skip

# Engagement, independent of the persona: five classes from low to high.
ENGAGEMENT_SHARES: Final = (0.16, 0.22, 0.26, 0.21, 0.15)
ENGAGEMENT_TICKS: Final = (0.45, 0.75, 1.1, 1.7, 2.7)
ENGAGEMENT_SKIPS: Final = (1.6, 1.25, 1.0, 0.75, 0.5)

# A stated hobby raises gifts of its category; the last gift is more likely to be in the history as well.
HOBBY_BOOST: Final = 1.4
LAST_GIFT_REPEATED: Final = 0.3
HOBBY_GIFTS: Final[Mapping[str, str]] = {
    "reading": "books", "writing": "books", "history": "books", "languages": "books",
    "cooking": "kitchenware", "baking": "kitchenware", "home_brewing": "kitchenware",
    "wine_tasting": "food_and_drink", "travel": "experience", "theatre": "experience",
    "music": "experience", "gaming": "electronics", "coding": "electronics",
    "photography": "electronics", "drones": "electronics", "podcasting": "electronics",
    "board_games": "toys", "anime": "novelty", "magic": "novelty", "puzzles": "toys",
    "yoga": "wellness", "meditation": "wellness", "fitness": "sports", "running": "sports",
    "cycling": "sports", "hiking": "sports", "climbing": "sports", "tennis": "sports",
    "skiing": "sports", "football": "sports", "golf": "sports", "camping": "sports",
    "gardening": "home", "crafts": "home", "pottery": "home", "antiques": "home",
    "diy": "practical", "woodworking": "practical", "fishing": "practical", "fashion": "fashion",
}  # fmt: skip

# Factors of the buyer's usual lead time, by occasion.
OCCASION_LEAD: Final[Shares] = {
    "christmas": 1.9, "wedding": 2.2, "graduation": 1.3, "anniversary": 0.9, "valentines": 0.55,
    "mothers_day": 0.6, "fathers_day": 0.6, "thank_you": 0.5, "just_because": 0.4, "baby_shower": 1.4,
    "retirement": 1.3, "easter": 0.7,
}  # fmt: skip

# The effect of a stated occupation on low, medium and high budgets, and of a stated budget on stores.
TIGHT_OCCUPATIONS: Final = frozenset(
    {"student", "apprentice", "intern", "shop_assistant", "volunteer", "musician", "driver"}
)
WELL_PAID_OCCUPATIONS: Final = frozenset(
    {"doctor", "lawyer", "executive", "pilot", "software_engineer", "architect", "product_manager"}
)
TIGHT_BUDGET: Final = (1.7, 0.8, 0.4)
WELL_PAID_BUDGET: Final = (0.5, 1.0, 1.8)
BUDGET_STORES: Final[Mapping[str, Shares]] = {
    "low": {"supermarket": 1.7, "second_hand": 1.8, "outlet": 1.6, "boutique": 0.4, "branded": 0.6},
    "medium": {},
    "high": {"boutique": 2.0, "branded": 1.6, "supermarket": 0.4, "second_hand": 0.4, "outlet": 0.6},
}

# Relative rates of missing answers, with a mean of 1 over the fields; age is left out more at higher ages.
SKIP_READINESS: Final[Shares] = {
    "relationship": 0.3, "age": 0.9, "occupation": 1.2, "hobbies": 0.6, "favourite_items": 1.1,
    "favourite_movies": 1.3, "last_gift_category": 0.9, "gift_history": 1.2, "occasion": 0.5,
    "budget_range": 0.9, "store_preference": 1.0, "purchases_last_year": 1.4, "lead_time_days": 1.5,
}  # fmt: skip
AGE_SKIPS: Final = (0.7, 0.7, 0.9, 1.1, 1.4, 1.7)
RAISED_SKIPS: Final = 2.2
DISTANT: Final = frozenset({"colleague", "neighbour", "boss", "in_law", "cousin", "aunt_or_uncle"})
