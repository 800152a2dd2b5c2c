"""Numbers as text, as every sentence of training says them."""


def percent(share: float) -> str:
    """A share in whole per cent; "under 1 %" rather than nothing."""
    return "under 1 %" if 0 < share < 0.005 else f"{share * 100:.0f} %"
