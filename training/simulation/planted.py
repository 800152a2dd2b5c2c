"""The planted personas: how each differs from the population (`population`).

Lifts are relative to people of the same age in the population, as observed where personas overlap considerably
(`CONTRAST`). The number of ticks does not depend on the persona: lifts move ticks from one value to another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

NOBODY: Final = "nobody"

# The power of lifts without overlap: pure types are more extreme than observed ones.
CONTRAST: Final = 2.5

Lifts = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class PlantedPersona:
    """One kind of person. `age`: mean and standard deviation in years; `purchases` and `lead_days`: a median and
    the standard deviation of log(1 + x); `skips`: factors by which this persona leaves out fields.
    """

    key: str
    title: str
    weight: float
    age: tuple[float, float]
    purchases: tuple[float, float]
    lead_days: tuple[float, float]
    lifts: Mapping[str, Lifts]
    skips: Lifts = field(default_factory=dict)


CATALOGUE: Final = (
    PlantedPersona(
        key="trendy_tech_shopper",
        title="Trendy tech shopper",
        weight=1.15,
        age=(26, 6),
        purchases=(8, 0.6),
        lead_days=(4, 0.7),
        lifts={
            "relationship": {"friend": 1.6, "sibling": 1.7, "colleague": 1.4, "parent": 0.3},
            "occupation": {
                "software_engineer": 3.5, "data_analyst": 4, "product_manager": 4,
                "designer": 2.5, "student": 1.4, "marketing": 1.8, "nurse": 0.4, "teacher": 0.4,
            },
            "hobbies": {
                "gaming": 3.6, "coding": 6, "photography": 2.6, "drones": 6, "anime": 3,
                "podcasting": 4, "board_games": 1.6, "gardening": 0.2, "cooking": 0.4,
                "reading": 0.4, "baking": 0.3, "walking": 0.3, "yoga": 0.4,
            },
            "favourite_items": {
                "headphones": 3, "smartphones": 3.4, "smartwatches": 3.6, "game_consoles": 3.6,
                "sneakers": 2, "e_scooters": 4, "novels": 0.3, "tea": 0.3, "scented_candles": 0.3,
                "cookbooks": 0.2,
            },
            "favourite_movies": {
                "science_fiction": 2.8, "superhero": 2.6, "action": 1.8, "animation": 1.5,
                "romance": 0.3, "drama": 0.5, "documentary": 0.7,
            },
            "last_gift_category": {
                "electronics": 5, "novelty": 2.4, "gift_cards": 1.6, "books": 0.3, "flowers": 0.1,
                "home": 0.3, "kitchenware": 0.3, "wellness": 0.3,
            },
            "gift_history": {
                "electronics": 3.2, "novelty": 2, "gift_cards": 1.6, "flowers": 0.2, "home": 0.4,
                "books": 0.4, "kitchenware": 0.3, "wellness": 0.3,
            },
            "occasion": {"birthday": 1.5, "graduation": 2, "just_because": 1.8, "christmas": 0.6},
            "budget_range": {"low": 0.6, "high": 2},
            "store_preference": {
                "online_only": 3, "branded": 1.8, "supermarket": 0.2, "department_store": 0.3,
                "handmade": 0.3, "bookshop": 0.2,
            },
        },
        skips={"favourite_movies": 0.7, "relationship": 1.3, "lead_time_days": 1.3},
    ),
    PlantedPersona(
        key="wellness_self_care_buyer",
        title="Wellness and self-care buyer",
        weight=1.1,
        age=(35, 8),
        purchases=(9, 0.55),
        lead_days=(12, 0.6),
        lifts={
            "relationship": {"friend": 1.5, "partner": 1.2, "sibling": 1.3, "child": 0.4},
            "occupation": {
                "nurse": 2.6, "physiotherapist": 4, "yoga_teacher": 4, "fitness_trainer": 4,
                "social_worker": 2.2, "hairdresser": 2.5, "marketing": 1.5, "driver": 0.3,
                "electrician": 0.3, "engineer": 0.5,
            },
            "hobbies": {
                "yoga": 4.5, "meditation": 5.5, "fitness": 2.2, "running": 2, "walking": 1.6,
                "dancing": 1.8, "gaming": 0.2, "diy": 0.3, "football": 0.3, "cooking": 0.7,
                "reading": 0.7, "coding": 0.2,
            },
            "favourite_items": {
                "skincare": 4, "essential_oils": 5.5, "bath_salts": 5, "scented_candles": 3,
                "plants": 1.6, "perfume": 1.6, "tea": 1.5, "game_consoles": 0.2,
                "hand_tools": 0.2, "smartphones": 0.5, "novels": 0.6,
            },
            "favourite_movies": {
                "romance": 2.2, "drama": 1.5, "documentary": 1.6, "musical": 1.6, "horror": 0.3,
                "western": 0.3, "superhero": 0.4, "action": 0.5,
            },
            "last_gift_category": {
                "wellness": 6, "beauty": 4.5, "experience": 1.8, "flowers": 1.5,
                "electronics": 0.3, "practical": 0.3, "toys": 0.2, "novelty": 0.4,
            },
            "gift_history": {
                "wellness": 4, "beauty": 3.4, "experience": 1.5, "flowers": 1.4,
                "electronics": 0.4, "practical": 0.3, "toys": 0.3, "novelty": 0.4,
            },
            "occasion": {
                "mothers_day": 2, "thank_you": 2.2, "just_because": 1.8, "christmas": 0.6,
            },
            "budget_range": {"low": 0.7, "medium": 1.5, "high": 0.9},
            "store_preference": {
                "boutique": 3.2, "handmade": 2.6, "online_only": 1.1, "supermarket": 0.4,
                "outlet": 0.4, "department_store": 0.6,
            },
        },
        skips={"age": 1.4, "budget_range": 1.2},
    ),
    PlantedPersona(
        key="holiday_generalist",
        title="Holiday generalist",
        weight=1.1,
        age=(46, 12),
        purchases=(22, 0.5),
        lead_days=(26, 0.55),
        # No hobbies: those of seasonal buyers are everyone's.
        lifts={
            "relationship": {
                "child": 2, "niece_or_nephew": 2.5, "colleague": 1.8, "in_law": 2, "parent": 1.3,
                "partner": 0.6,
            },
            "occupation": {
                "office_manager": 1.8, "sales": 1.6, "teacher": 1.3, "stay_at_home_parent": 1.5,
            },
            "favourite_items": {
                "chocolate": 2.2, "blankets": 2.4, "scented_candles": 1.7, "slippers": 1.8,
                "perfume": 1.4, "wine": 1.5,
            },
            "favourite_movies": {"family": 2.8, "comedy": 1.5, "classics": 1.5, "horror": 0.4},
            "last_gift_category": {
                "food_and_drink": 3, "gift_cards": 3.6, "toys": 2.4, "home": 1.4, "fashion": 1.3,
                "experience": 0.4, "jewellery": 0.3, "books": 0.7, "practical": 0.6,
            },
            "gift_history": {
                "food_and_drink": 2.6, "gift_cards": 2.8, "toys": 2, "home": 1.3, "fashion": 1.2,
                "experience": 0.4, "jewellery": 0.4, "practical": 0.7,
            },
            "occasion": {
                "christmas": 9, "easter": 4, "thank_you": 1.2, "birthday": 0.4,
                "anniversary": 0.3, "valentines": 0.3,
            },
            "budget_range": {"low": 1.9, "medium": 1, "high": 0.3},
            "store_preference": {
                "department_store": 3.6, "supermarket": 2.2, "outlet": 2.4, "online_only": 0.5,
                "boutique": 0.3, "handmade": 0.5,
            },
        },
        skips={"hobbies": 1.5, "favourite_items": 1.2, "occasion": 0.6},
    ),
    PlantedPersona(
        key="practical_older_buyer",
        title="Practical older buyer",
        weight=1.0,
        age=(67, 8),
        purchases=(4, 0.6),
        lead_days=(18, 0.6),
        lifts={
            "relationship": {"spouse": 2, "parent": 1.4, "neighbour": 2, "friend": 0.7},
            "occupation": {
                "retired": 1.5, "electrician": 2.4, "carpenter": 2.6, "engineer": 2,
                "farmer": 2.5, "marketing": 0.4, "designer": 0.3,
            },
            "hobbies": {
                "diy": 3.6, "gardening": 2.4, "woodworking": 4, "fishing": 3.4,
                "bird_watching": 2.5, "walking": 1.6, "genealogy": 3, "fashion": 0.2,
                "gaming": 0.2, "yoga": 0.3, "music": 0.6, "baking": 0.5, "cooking": 0.6,
            },
            "favourite_items": {
                "hand_tools": 4.5, "garden_tools": 3.8, "slippers": 2, "radios": 3.5, "tea": 1.4,
                "skincare": 0.2, "headphones": 0.3, "cookbooks": 0.5, "perfume": 0.5,
            },
            "favourite_movies": {
                "western": 4, "documentary": 1.9, "historical": 1.8, "classics": 1.8,
                "thriller": 1.3, "romance": 0.5, "musical": 0.5, "fantasy": 0.3,
            },
            "last_gift_category": {
                "practical": 5.5, "home": 1.6, "food_and_drink": 1.2, "novelty": 0.2,
                "fashion": 0.5, "beauty": 0.2, "jewellery": 0.3, "books": 0.7, "wellness": 0.4,
            },
            "gift_history": {
                "practical": 3.8, "home": 1.5, "food_and_drink": 1.2, "novelty": 0.3,
                "beauty": 0.2, "fashion": 0.6, "jewellery": 0.3, "wellness": 0.4, "books": 0.7,
            },
            "occasion": {
                "birthday": 1.4, "fathers_day": 2.6, "retirement": 3, "valentines": 0.2,
                "christmas": 0.7,
            },
            "budget_range": {"low": 1.5, "medium": 1.1, "high": 0.4},
            "store_preference": {
                "supermarket": 2, "local_market": 2.6, "department_store": 1.4,
                "online_only": 0.2, "boutique": 0.2, "bookshop": 0.4,
            },
        },
        skips={"favourite_movies": 1.5, "budget_range": 1.3, "favourite_items": 1.2},
    ),
    PlantedPersona(
        key="bookish_home_cook",
        title="Bookish home cook",
        weight=1.05,
        age=(50, 11),
        purchases=(7, 0.55),
        lead_days=(15, 0.6),
        lifts={
            "relationship": {
                "parent": 1.7, "partner": 1.3, "aunt_or_uncle": 1.6, "colleague": 0.6,
            },
            "occupation": {
                "teacher": 2.4, "librarian": 3.5, "editor": 3.5, "translator": 4, "chef": 2.5,
                "baker": 4, "journalist": 3, "scientist": 2, "sales": 0.5, "driver": 0.4,
            },
            "hobbies": {
                "reading": 2.6, "cooking": 2.4, "baking": 3.4, "writing": 3, "wine_tasting": 2,
                "theatre": 2, "knitting": 2, "gaming": 0.2, "fitness": 0.3, "football": 0.3,
                "running": 0.4, "diy": 0.5,
            },
            "favourite_items": {
                "cookbooks": 5, "novels": 2.8, "baking_tins": 5, "tea": 1.8, "wine": 1.8,
                "notebooks": 1.8, "headphones": 0.3, "sneakers": 0.3, "game_consoles": 0.2,
                "skincare": 0.5, "smartwatches": 0.3,
            },
            "favourite_movies": {
                "drama": 1.7, "historical": 2.2, "classics": 2, "romance": 1.3, "action": 0.4,
                "superhero": 0.2, "horror": 0.4,
            },
            "last_gift_category": {
                "books": 4.2, "kitchenware": 5, "food_and_drink": 1.6, "electronics": 0.2,
                "sports": 0.2, "gift_cards": 0.4, "novelty": 0.4, "practical": 0.5,
            },
            "gift_history": {
                "books": 3, "kitchenware": 3.6, "food_and_drink": 1.5, "electronics": 0.3,
                "sports": 0.3, "gift_cards": 0.5, "novelty": 0.4, "practical": 0.5,
            },
            "occasion": {
                "birthday": 1.4, "housewarming": 2.2, "mothers_day": 1.6, "christmas": 0.7,
            },
            "budget_range": {"low": 0.9, "medium": 1.5, "high": 0.6},
            "store_preference": {
                "bookshop": 7, "local_market": 2.4, "handmade": 1.6, "branded": 0.4,
                "outlet": 0.5, "online_only": 0.5, "department_store": 0.6,
            },
        },
        skips={"favourite_movies": 0.8, "purchases_last_year": 1.2},
    ),
    PlantedPersona(
        key="outdoor_adventurer",
        title="Outdoor adventurer",
        weight=1.0,
        age=(31, 8),
        purchases=(5, 0.55),
        lead_days=(7, 0.65),
        lifts={
            "relationship": {"friend": 1.5, "partner": 1.5, "sibling": 1.3, "colleague": 0.7},
            "occupation": {
                "fitness_trainer": 5, "firefighter": 5, "police_officer": 3, "engineer": 2,
                "physiotherapist": 2.5, "student": 1.1, "accountant": 0.5, "office_manager": 0.5,
            },
            "hobbies": {
                "hiking": 4.2, "climbing": 6, "cycling": 3.6, "camping": 5, "skiing": 4,
                "running": 2.4, "travel": 1.5, "football": 1.4, "reading": 0.4, "knitting": 0.1,
                "baking": 0.3, "cooking": 0.5, "gaming": 0.4, "yoga": 0.7,
            },
            "favourite_items": {
                "backpacks": 4.5, "tents": 6.5, "bicycles": 5, "smartwatches": 1.8,
                "sneakers": 1.8, "coffee": 1.2, "skincare": 0.3, "scented_candles": 0.2,
                "novels": 0.4, "blankets": 0.4,
            },
            "favourite_movies": {
                "documentary": 2.6, "action": 1.7, "thriller": 1.5, "western": 1.4,
                "musical": 0.3, "romance": 0.5,
            },
            "last_gift_category": {
                "sports": 8, "experience": 3.6, "electronics": 0.8, "home": 0.3, "beauty": 0.2,
                "books": 0.5, "flowers": 0.2, "kitchenware": 0.3,
            },
            "gift_history": {
                "sports": 5, "experience": 2.8, "home": 0.4, "beauty": 0.2, "books": 0.5,
                "flowers": 0.3, "kitchenware": 0.4,
            },
            "occasion": {
                "birthday": 1.6, "just_because": 1.5, "graduation": 1.4, "christmas": 0.7,
            },
            "budget_range": {"low": 0.6, "medium": 1.2, "high": 1.2},
            "store_preference": {
                "branded": 3.2, "outlet": 2, "second_hand": 2, "boutique": 0.3,
                "department_store": 0.4, "supermarket": 0.4, "bookshop": 0.4,
            },
        },
        skips={"store_preference": 0.8, "lead_time_days": 1.2},
    ),
    PlantedPersona(
        key="romantic_luxury_giver",
        title="Romantic luxury giver",
        weight=0.95,
        age=(39, 9),
        purchases=(6, 0.55),
        lead_days=(9, 0.65),
        lifts={
            "relationship": {
                "partner": 3.2, "spouse": 3.2, "friend": 0.4, "sibling": 0.4, "colleague": 0.2,
            },
            "occupation": {
                "lawyer": 4, "executive": 5, "doctor": 3, "architect": 3, "sales": 1.6,
                "accountant": 1.6, "student": 0.4, "driver": 0.5,
            },
            "hobbies": {
                "fashion": 3.6, "wine_tasting": 3.4, "travel": 1.8, "dancing": 2.2, "golf": 2.5,
                "theatre": 2.2, "tennis": 2, "gaming": 0.2, "diy": 0.3, "crafts": 0.3,
                "cooking": 0.6, "puzzles": 0.3,
            },
            "favourite_items": {
                "perfume": 3.4, "necklaces": 5, "watches": 4.4, "wine": 2, "art_prints": 2,
                "funny_mugs": 0.2, "lego": 0.2, "novels": 0.5, "tea": 0.5, "headphones": 0.5,
            },
            "favourite_movies": {
                "romance": 2.6, "thriller": 1.6, "musical": 1.5, "drama": 1.3, "animation": 0.3,
                "superhero": 0.4,
            },
            "last_gift_category": {
                "jewellery": 7, "fashion": 2.2, "flowers": 2.6, "experience": 1.6, "toys": 0.1,
                "novelty": 0.2, "practical": 0.2, "books": 0.3, "gift_cards": 0.3,
            },
            "gift_history": {
                "jewellery": 4.6, "fashion": 1.8, "flowers": 2.2, "experience": 1.4, "toys": 0.2,
                "novelty": 0.3, "practical": 0.3, "books": 0.4, "gift_cards": 0.4,
            },
            "occasion": {
                "anniversary": 5, "valentines": 5, "birthday": 0.7, "christmas": 0.4,
                "wedding": 1.2,
            },
            "budget_range": {"low": 0.2, "medium": 0.7, "high": 3.2},
            "store_preference": {
                "boutique": 4, "branded": 2.8, "supermarket": 0.1, "second_hand": 0.1,
                "outlet": 0.2, "department_store": 0.6,
            },
        },
        skips={"age": 1.2, "occasion": 0.7, "budget_range": 0.8},
    ),
    PlantedPersona(
        key="playful_young_family",
        title="Playful young family",
        weight=0.95,
        age=(37, 5),
        purchases=(14, 0.5),
        lead_days=(10, 0.6),
        lifts={
            "relationship": {
                "child": 9, "niece_or_nephew": 7, "partner": 1.2, "boss": 0.2, "friend": 0.6,
            },
            "occupation": {
                "stay_at_home_parent": 3.2, "nurse": 1.6, "teacher": 1.6, "shop_assistant": 1.5,
                "social_worker": 1.8, "executive": 0.4,
            },
            "hobbies": {
                "board_games": 4, "crafts": 5, "puzzles": 4, "painting": 3, "baking": 1.5,
                "magic": 5, "football": 1.4, "wine_tasting": 0.3, "golf": 0.2, "meditation": 0.3,
                "coding": 0.4, "reading": 0.7,
            },
            "favourite_items": {
                "lego": 7, "funny_mugs": 2, "notebooks": 1.6, "chocolate": 1.3, "watches": 0.3,
                "perfume": 0.4, "wine": 0.4, "hand_tools": 0.5,
            },
            "favourite_movies": {
                "animation": 3.8, "family": 4, "fantasy": 1.6, "horror": 0.2, "thriller": 0.4,
                "drama": 0.6,
            },
            "last_gift_category": {
                "toys": 10, "novelty": 2, "gift_cards": 1.2, "jewellery": 0.2, "flowers": 0.3,
                "wellness": 0.3, "electronics": 0.5,
            },
            "gift_history": {
                "toys": 6, "novelty": 1.8, "jewellery": 0.3, "flowers": 0.4, "wellness": 0.4,
                "electronics": 0.6,
            },
            "occasion": {
                "birthday": 2.2, "baby_shower": 3, "easter": 1.8, "anniversary": 0.3,
                "valentines": 0.3,
            },
            "budget_range": {"low": 1.6, "medium": 1.1, "high": 0.4},
            "store_preference": {
                "supermarket": 1.8, "online_only": 1.4, "second_hand": 2, "handmade": 1.4,
                "boutique": 0.2, "branded": 0.6,
            },
        },
        skips={"occupation": 1.2, "favourite_items": 0.8},
    ),
)  # fmt: skip

BY_KEY: Final = {persona.key: persona for persona in CATALOGUE}
