"""What the stages on published models share: where a model runs, and the networks that several stages use.

Torch and the model libraries are the extra `foundation`; they are imported inside functions and constructors, so
that all else starts without them. Published checkpoints are found and read by `saa.weights`.
"""
