"""From a decoded image to the lesion view: field of view, hair, mask, framing."""
