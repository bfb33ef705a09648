"""Honest waits: possible rests of the day are drawn, and everybody is told what came of them.

`scene` looks at a day, `draws` and `calls` play its rest on many paths at once by the dispatcher's own key and ties,
`rest` puts both together, `waits` and `ahead` say what came of it.

Source: DESIGN 6, "Waits"; ALGORITHMS 4.
"""
