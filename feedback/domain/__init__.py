"""The rules: plain values and functions, standard library only, no clock, no input or output."""
