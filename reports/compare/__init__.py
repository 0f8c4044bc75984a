"""Two runs side by side: what got worse, what got better, what is only different.

``changes`` judges one test, ``pairing`` says which runtime of one file belongs to which of the other, ``durations``
says what became slower, ``comparison`` puts it together; the other modules write it down, one format each.
"""
