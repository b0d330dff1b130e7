"""The waist of the hourglass: what every neutral-current experiment can ask of one parameter point.

`mixing` holds the exact kinetic mixing of hypercharge, `decays` the widths, `neutral_currents` the amplitudes and
couplings of a point. Models build a `NeutralCurrents`; experiments read it and never see the model.
"""
