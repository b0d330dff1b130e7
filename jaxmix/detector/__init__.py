"""What one detector sees: its face as seen from the interaction point, the chance that a particle crosses it, the light
that it leaves and the dark counts that imitate it.

Rates of production belong to `collider`, probabilities of counts to `statistics`, laboratory names to `constraints`.
"""
