"""The screens: each shows what the cab knows and hands presses to it; none of them thinks."""
