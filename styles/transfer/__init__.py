"""Style transfer without weights: functions of a picture, the animal's alpha and a style image.

Every method has the same contract: ``method(picture, alpha, style, *, where, strength, …)`` with an
(H, W, 3) sRGB picture, its (H, W) alpha of the animal and an (h, w, 3) style image of any size, all uint8,
returns an (H, W, 3) uint8 picture. ``where`` says which pixels change, ``strength`` in [0, 1] how far; 0
gives the same bytes. A method changes colours where they are and moves nothing, so every label stays true.
The same arguments give the same bytes, whatever the number of threads: sums run in numpy's own order, never
in a BLAS.
"""
