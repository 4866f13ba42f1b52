"""A weight-free vision model: what the embedded engine's stages see. Pure functions on arrays, no torch.

`encoding.Encoder` turns an image into an `Encoding`, whose parts (features, unlikeness, objects, segments,
answers to words) are computed when first asked for.
"""
