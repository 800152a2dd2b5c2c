"""The words of the second generator: values of the open fields, in themes that people have a liking for."""

from typing import Final

# theme: occupations, hobbies, favourite items, film genres, gift categories
_THEMES: Final = {
    "outdoors": (
        ("ranger", "surveyor", "farmer"),
        ("hiking", "camping", "fishing", "birding", "kayaking"),
        ("tent", "binoculars", "thermos", "map"),
        ("adventure", "western"),
        ("outdoor_gear", "garden"),
    ),
    "kitchen": (
        ("chef", "baker", "waiter"),
        ("baking", "grilling", "wine_tasting", "brewing", "preserving"),
        ("knife", "cookbook", "spices", "teapot"),
        ("food", "holiday"),
        ("kitchenware", "delicatessen"),
    ),
    "gaming": (
        ("developer", "tester", "student"),
        ("video_games", "board_games", "chess", "cosplay", "puzzles"),
        ("console", "dice", "headset", "figurine"),
        ("anime", "science_fiction"),
        ("games", "electronics"),
    ),
    "wellness": (
        ("nurse", "coach", "therapist"),
        ("yoga", "running", "swimming", "meditation", "pilates"),
        ("candle", "bath_salts", "yoga_mat", "lotion"),
        ("sport", "nature"),
        ("wellness", "sportswear"),
    ),
    "arts": (
        ("designer", "musician", "teacher"),
        ("painting", "pottery", "piano", "theatre", "museums"),
        ("sketchbook", "vinyl", "print", "guitar"),
        ("drama", "musical"),
        ("art_supplies", "tickets"),
    ),
    "letters": (
        ("librarian", "editor", "lawyer"),
        ("reading", "writing", "history", "languages", "genealogy"),
        ("novel", "notebook", "pen", "lamp"),
        ("documentary", "biography"),
        ("books", "stationery"),
    ),
    "workshop": (
        ("mechanic", "carpenter", "engineer"),
        ("woodwork", "cars", "model_building", "electronics_kits", "cycling"),
        ("toolbox", "drill", "workbench", "watch"),
        ("action", "crime"),
        ("tools", "hardware"),
    ),
    "style": (
        ("stylist", "buyer", "model"),
        ("fashion", "shopping", "dancing", "photography", "travel"),
        ("handbag", "scarf", "perfume", "jewellery"),
        ("romance", "comedy"),
        ("fashion", "beauty"),
    ),
}
THEMES: Final = tuple(_THEMES)

Themed = tuple[tuple[str, int], ...]


def _column(number: int) -> Themed:
    return tuple((word, theme) for theme, columns in enumerate(_THEMES.values()) for word in columns[number])


# For each field its words with the number of their theme.
OCCUPATIONS: Final = _column(0)
LISTS: Final[dict[str, Themed]] = {
    "hobbies": _column(1),
    "favourite_items": _column(2),
    "favourite_movies": _column(3),
    "gift_history": _column(4),
}
GIFTS: Final = _column(4)

RELATIONSHIPS: Final = ("partner", "friend", "mother", "father", "colleague", "sibling", "child", "neighbour")
OCCASIONS: Final = ("birthday", "christmas", "anniversary", "wedding", "thank_you", "graduation", "housewarming")
STORES: Final = ("online_only", "supermarket", "department_store", "boutique", "second_hand", "branded")
BUDGETS: Final = ("low", "medium", "high")
