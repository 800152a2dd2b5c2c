"""What a segment model is: values and arithmetic, over the standard library, numpy and pydantic."""
