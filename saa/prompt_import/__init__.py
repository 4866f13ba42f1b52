"""Turning what the code released with SAA+ says of a product into a prompt file.

There, a product has prompt pairs (a caption, and the phrase that is never a defect) and an English property sentence,
whose words are counted. Here the sentence is read by its meaning; whatever the counting would take otherwise, and
whatever does not do what it seems to, is told.

    parameters.read(path)       the products of a file of parameters, which is never executed
    products.imported(given)    one product's prompt, its file's text and its oddities

Facts of that code: branch `SAA-plus` of github.com/caoyunkang/Segment-Any-Anomaly (arXiv 2305.10724).
"""
