"""Language models, as far as they can be thought through without one: what is asked, and what of
an answer is believed. Pure; who asks is in `engines`, what was answered is kept in `stores`.
"""
