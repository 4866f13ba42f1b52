"""Batch consensus: a product's own unlabelled images say what is normal.

The images of a batch compare themselves with each other, at the same place where the parts lie alike and
anywhere where they do not. Published relatives: MuSc (arXiv 2401.16753) and PatchCore (arXiv 2106.08265).
"""
