"""Reference numbers of Z' production in pp at 14 TeV from Pythia 8: acceptances, recoil, Z' + jet and inclusive cross
sections.

The boson is Pythia's Z' (code 32) coupled to quarks as Q eps_Z and decaying to psi psibar alone; psi is Pythia's tau
with its mass set, a vector coupling and no decay. Z' + jet, which Pythia lacks, is gamma* + jet in a narrow window of
mass, converted by the factorisation of gamma* -> f fbar. Needs the extra `pdf` (pythia8mc); at 10^6 events about a
quarter of an hour on one core:

    python benchmarks/pythia_reference.py --events 1000000 --seed 1 --out tests/pythia_reference.csv

The table is rewritten after every configuration; a run with other than the given seed differs within the errors stated.
"""

import argparse
import csv
import math
from pathlib import Path

import numpy as np
import pythia8mc

ECM = 14000.0  # GeV
ALPHA, SIN2_THETA_W = 1 / 127.9, 0.2312
M_Z, GAMMA_Z = 91.1876, 2.504  # GeV
CHARGES = {"d": -1 / 3, "u": 2 / 3, "s": -1 / 3, "c": 2 / 3, "b": -1 / 3, "t": 2 / 3}
UNIT_COUPLING = 4 * math.sqrt(
    SIN2_THETA_W * (1 - SIN2_THETA_W)
)  # Pythia's v for a coupling e: e/(4 sW cW) (v - a gamma_5)
EPS_Z, PSI_COUPLING = 1e-4, 0.1  # in units of e; Gamma/M <= 3e-5, nearly all to psi
TO_PB = 1e9  # from Pythia's mb

SIDE, DISTANCE = 1.0, 20.0  # m
ETA_WINDOW = 0.6
POINTS = [(m, m / 3) for m in (3.0, 5.0, 9.0, 30.0, 90.0, 300.0, 1000.0)] + [
    (m, f * m) for m in (9.0, 90.0) for f in (0.45, 0.05)
]
RECOILS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)  # GeV
JETS = [(m, pt) for m in (3.0, 10.0, 30.0, M_Z, 300.0) for pt in (20.0, 100.0)]
JET_PROCESSES = ("qqbar2gmZg", "qg2gmZq")
INCLUSIVE = (10.0, M_Z, 300.0, 91.0)
JET_WINDOW = 0.005  # half width of the window of mass, relative

COLUMNS = ("quantity", "m_zprime", "m_mcp", "pt_min", "value", "error", "unit")
HEADER = f"""\
title: Reference numbers of Z' production in proton-proton collisions at 14 TeV
program: Pythia 8.317 (pythia8mc 8.317.2); made by benchmarks/pythia_reference.py --events {{events}} --seed {{seed}}
pdf: NNPDF31_lo_as_0130, member 0 (Pythia's PDF:pSet = 17); frozen below its lowest scale, 1.65 GeV
settings: alpha = 1/127.9 fixed; sin2thetaW = {SIN2_THETA_W}; alpha_s(m_Z) = 0.130 at one loop in matrix elements; \
five flavours
shower: Pythia's own (initial state alone, matched to the Z' + jet matrix element, alpha_s(m_Z) = 0.1365), \
primordial kT on; final-state radiation, photon radiation off quarks, \
multiparton interactions and hadronisation off
coupling: J_EM alone, c_q^2 = Q^2 in units of e^2, and psi vector-like, unless the quantity says mixed
quantity: acceptance_one, expected number of psi and psibar in a flat face of 1 m x 1 m at 20 m, eta = 0, per event
quantity: acceptance_one_no_recoil, the same without shower and primordial kT: LO, pT = 0
estimator: of acceptances, dN/deta at eta = 0 from |eta| < {ETA_WINDOW} with a term in eta^2 removed, \
times the exact integral of deta dphi/(2 pi) over the face
quantity: recoil_below, fraction of Z' with pT below pt_min, with shower
quantity: recoil_mean, mean pT of the Z', with shower
quantity: jet_cross_section, Z' + jet at LO over eps_Z^2, pT > pt_min, mu_F = mu_R = m_T of the Z', branching ratio 1
quantity: jet_cross_section_qqbar and jet_cross_section_qg, its two parts
quantity: cross_section, inclusive Z' at LO over eps_Z^2, mu_F = M, narrow width, branching ratio 1
quantity: cross_section_mixed, the same with the Z's admixture, \
g = Q + M^2/(cW^2 (m_Z^2 - M^2 - i M Gamma_Z)) (T3 - Q sW^2), m_Z = {M_Z}, Gamma_Z = {GAMMA_Z}
units: GeV for masses and pt_min; the column unit for value and error
narrow width: Gamma/M <= 3e-5, within 2% of M, which holds all but 4e-4 of the line
errors: one standard deviation, statistical; of a fraction at least 1/events
"""


def generator(settings: list[str], seed: int) -> pythia8mc.Pythia:
    """Pythia for pp at 14 TeV in the common setting, refined by `settings`; a setting that it does not know raises
    ValueError.
    """
    common = ["Print:quiet = on", f"Beams:eCM = {ECM}", "PDF:pSet = 17", "Random:setSeed = on", f"Random:seed = {seed}"]
    common += [f"StandardModel:{name} = {SIN2_THETA_W}" for name in ("sin2thetaW", "sin2thetaWbar")]
    common += [f"StandardModel:alphaEMmZ = {ALPHA!r}", "SigmaProcess:alphaEMorder = -1"]
    common += ["SigmaProcess:alphaSorder = 1", "SigmaProcess:alphaSvalue = 0.130"]
    common += ["HadronLevel:all = off", "Check:event = off"]
    pythia = pythia8mc.Pythia("", False)
    for setting in common + settings:
        if not pythia.readString(setting):
            raise ValueError(f"Pythia: unknown setting {setting!r}.")
    if not pythia.init():
        raise ValueError(f"Pythia: no start with {settings}.")
    return pythia


def zprime(mass: float, psi: float, couplings: dict[str, tuple[float, float]]) -> list[str]:
    """Settings of a narrow Z' from quarks with couplings {flavour: (vector, axial)} in units of e eps_Z, decaying to
    psi psibar.
    """
    settings = ["NewGaugeBoson:ffbar2gmZZprime = on", "Zprime:gmZmode = 3", "Zprime:universality = off"]
    for flavour, (vector, axial) in couplings.items():
        settings += [
            f"Zprime:v{flavour} = {EPS_Z * UNIT_COUPLING * vector!r}",
            f"Zprime:a{flavour} = {EPS_Z * UNIT_COUPLING * axial!r}",
        ]
    settings += [f"Zprime:{kind}{lepton} = 0" for kind in "va" for lepton in ("e", "mu", "nue", "numu", "nutau")]
    settings += [
        f"Zprime:vtau = {PSI_COUPLING * UNIT_COUPLING!r}",
        "Zprime:atau = 0",
        "32:onMode = off",
        "32:onIfAny = 15",
    ]
    settings += [
        f"15:m0 = {psi!r}",
        "15:mayDecay = off",
        "15:mWidth = 0",
        "15:mMin = 0",
        "15:mMax = 0",
        f"32:m0 = {mass!r}",
    ]
    window = f"{0.98 * mass!r}", f"{1.02 * mass!r}"  # the tails beyond hold 4e-4 of a line of Gamma/M = 3e-5
    return settings + [
        f"{key} = {edge}"
        for keys in (("32:mMin", "32:mMax"), ("PhaseSpace:mHatMin", "PhaseSpace:mHatMax"))
        for key, edge in zip(keys, window, strict=True)
    ]


def vector_couplings() -> dict[str, tuple[float, float]]:
    """Quark couplings (vector, axial) to J_EM, in units of e."""
    return {flavour: (charge, 0.0) for flavour, charge in CHARGES.items()}


def mixed_couplings(mass: float) -> dict[str, tuple[float, float]]:
    """Moduli of the quark couplings to J_EM with the Z's admixture; the narrow cross section is a sum of |vector|^2 +
    |axial|^2.
    """
    admixture = mass**2 / ((1 - SIN2_THETA_W) * (M_Z**2 - mass**2 - 1j * mass * GAMMA_Z))
    couplings = {}
    for flavour, charge in CHARGES.items():
        axial = admixture * math.copysign(0.25, charge)
        couplings[flavour] = abs(charge * (1 - admixture * SIN2_THETA_W) + axial), abs(axial)
    return couplings


def produced(mass: float, psi: float, events: int, seed: int, recoil: bool) -> tuple[np.ndarray, np.ndarray]:
    """Transverse momentum of the Z' (events,) and pseudorapidities of psi and psibar (events, 2), after the shower if
    `recoil`.
    """
    switches = ["PartonLevel:MPI = off", "PartonLevel:FSR = off", "SpaceShower:QEDshowerByQ = off"]
    if not recoil:
        switches += ["PartonLevel:ISR = off", "BeamRemnants:primordialKT = off"]
    pythia = generator(zprime(mass, psi, vector_couplings()) + switches, seed)
    pt, eta = np.empty(events), np.empty((events, 2))
    for k in range(events):
        while not pythia.next():
            pass
        event = pythia.event
        at = event.size() - 1
        while event[at].id() != 32:
            at -= 1
        boson = event[at]
        pt[k] = boson.pT()
        eta[k] = event[boson.daughter1()].eta(), event[boson.daughter2()].eta()
    return pt, eta


def face_integral() -> float:
    """Integral of deta dphi/(2 pi) over a flat square face of half width h (in units of the distance), centred on eta =
    0.

    With the face at x = 1: phi = atan y, eta = asinh(z cos phi), so that the integral over |y|, |z| < h is
    int dphi 2 asinh(h cos phi)/(2 pi), |phi| < atan h; about 4 h^2/(2 pi).
    """
    half = SIDE / (2 * DISTANCE)
    nodes, weights = np.polynomial.legendre.leggauss(20)
    edge = math.atan(half)
    return float(np.sum(weights * edge * 2 * np.arcsinh(half * np.cos(edge * nodes))) / (2 * math.pi))


def density_at_zero(eta: np.ndarray, window: float = ETA_WINDOW) -> tuple[float, float]:
    """dN/deta per event at eta = 0 with its error, exact for a density a + b eta^2 within |eta| < window.

    Each particle counts (9 - 15 x^2)/8/window, x = eta/window: of unit integral and blind to x^2.
    """
    x = eta / window
    weight = np.where(np.abs(x) < 1, (9 - 15 * x * x) / (8 * window), 0.0).sum(axis=1)
    return float(weight.mean()), float(weight.std() / math.sqrt(len(weight)))


def acceptance_rows(mass: float, psi: float, events: int, seed: int) -> list[tuple]:
    """Rows of the acceptance, with recoil and without, and of the recoil, which does not depend on psi and is given
    once a mass.
    """
    face, rows, recoils = face_integral(), [], []
    for name, recoil in (("acceptance_one", True), ("acceptance_one_no_recoil", False)):
        pt, eta = produced(mass, psi, events, seed + 500 * recoil, recoil)
        density, error = density_at_zero(eta)
        rows.append((name, mass, psi, None, face * density, face * error, "1"))
        flat = np.mean(np.sum(np.abs(eta) < 0.3, axis=1)) / 0.6
        others = [density_at_zero(eta, window) for window in (0.3, 1.0)]
        print(
            f"{name} {mass:g} {psi:g}: dN/deta {density:.5f} +- {error:.5f}; flat |eta| < 0.3 {flat:.5f}; "
            f"windows 0.3, 1: {others}",
            flush=True,
        )
        if recoil and psi == mass / 3:
            below = [float(np.mean(pt < cut)) for cut in RECOILS]
            recoils = [
                ("recoil_below", mass, psi, cut, part, max(math.sqrt(part * (1 - part) / events), 1 / events), "1")
                for cut, part in zip(RECOILS, below, strict=True)
            ]
            recoils.append(
                ("recoil_mean", mass, psi, None, float(pt.mean()), float(pt.std() / math.sqrt(events)), "GeV")
            )
    return rows + recoils


def jet_part(process: str, mass: float, pt_min: float, events: int, seed: int) -> tuple[float, float]:
    """Cross section over eps_Z^2 (pb) and its error of one parton process of Z' + jet, mu_F = mu_R = m_T.

    d sigma(gamma* j -> f fbar j)/dM^2 = sigma_V(M)/eps^2 alpha Q_f^2 N_c/(3 pi M^2), with the electron alone open.
    Pythia has no m_T of the boson among its scales: events are drawn at mu^2 = pT^2 + M^2/2 and reweighted with its own
    PDF and alpha_s. Decays stay off: with gmZmode = 1 the weight of the decay angle rejects every event with the gluon
    in the first beam.
    """
    low, high = mass * (1 - JET_WINDOW), mass * (1 + JET_WINDOW)
    pythia = generator(
        [
            f"WeakBosonAndParton:{process} = on",
            "WeakZ0:gmZmode = 1",
            "23:onMode = off",
            "23:onIfAny = 11",
            "ProcessLevel:resonanceDecays = off",
            "PartonLevel:all = off",
            f"23:mMin = {low!r}",
            f"23:mMax = {high!r}",
            "PhaseSpace:mHatMin = 0",
            f"PhaseSpace:pTHatMin = {pt_min}",
            "PhaseSpace:pTHatMinDiverge = 0.5",
            "SigmaProcess:factorScale2 = 3",
            "SigmaProcess:renormScale2 = 3",
        ],
        seed,
    )
    density, alpha_s = pythia.getPDFPtr(2212), pythia.coupSM.alphaS
    weight = np.empty(events)
    for k in range(events):
        while not pythia.next():
            pass
        info = pythia.infoPython()
        scale = info.pTHat() ** 2 + pythia.process[5].m() ** 2
        partons = density.xf(info.id1pdf(), info.x1pdf(), scale) * density.xf(info.id2pdf(), info.x2pdf(), scale)
        weight[k] = partons / (info.pdf1() * info.pdf2()) * alpha_s(scale) / info.alphaS()
    info = pythia.infoPython()
    value = TO_PB * info.sigmaGen() * weight.mean() / (ALPHA / (3 * math.pi) * 2 * math.log(high / low))
    return value, value * math.hypot(
        info.sigmaErr() / info.sigmaGen(), weight.std() / weight.mean() / math.sqrt(events)
    )


def jet_rows(mass: float, pt_min: float, events: int, seed: int) -> list[tuple]:
    """Rows of Z' + jet and of its two parts."""
    parts = [jet_part(process, mass, pt_min, events, seed + 1000 * k) for k, process in enumerate(JET_PROCESSES)]
    total = sum(value for value, _ in parts), math.hypot(*(error for _, error in parts))
    named = zip(("jet_cross_section", "jet_cross_section_qqbar", "jet_cross_section_qg"), (total, *parts), strict=True)
    return [(name, mass, None, pt_min, value, error, "pb") for name, (value, error) in named]


def inclusive_rows(mass: float, events: int, seed: int) -> list[tuple]:
    """Rows of the inclusive cross section over eps_Z^2 from J_EM alone and with the Z's admixture."""
    rows = []
    for name, couplings in (("cross_section", vector_couplings()), ("cross_section_mixed", mixed_couplings(mass))):
        pythia = generator([*zprime(mass, mass / 3, couplings), "PartonLevel:all = off"], seed)
        for _ in range(events):
            pythia.next()
        info, boson = pythia.infoPython(), pythia.particleData.particleDataEntryPtr(32)
        channels = [boson.channel(k) for k in range(boson.sizeChannels())]
        to_psi = sum(
            channel.bRatio() for channel in channels if abs(channel.product(0)) == 15
        )  # at the Z, 0.997 with its admixture
        factor = TO_PB / EPS_Z**2 / to_psi
        rows.append((name, mass, None, None, factor * info.sigmaGen(), factor * info.sigmaErr(), "pb"))
    return rows


def write(path: Path, rows: list[tuple], events: int, seed: int) -> None:
    """The table as it stands: header lines '# word: text', the names of the columns, rows in the order of their
    quantities.
    """
    order = list(dict.fromkeys(row[0] for row in rows))
    with path.open("w", newline="", encoding="utf-8") as file:
        file.writelines(f"# {line}\n" for line in HEADER.format(events=events, seed=seed).splitlines())
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for row in sorted(rows, key=lambda row: order.index(row[0])):
            keys = ["" if entry is None else f"{entry:.8g}" for entry in row[1:4]]
            table.writerow([row[0], *keys, f"{row[4]:.6g}", f"{row[5]:.2g}", row[6]])


def main() -> None:
    """Every quantity in turn, the table rewritten after each configuration."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--events", type=int, default=1_000_000, help="events per acceptance; a fifth of them per cross section"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("pythia_reference.csv"))
    arguments = parser.parse_args()
    few, rows = max(arguments.events // 5, 1), []
    tasks = [(acceptance_rows, point, arguments.events) for point in POINTS]
    tasks += [(jet_rows, point, few) for point in JETS] + [(inclusive_rows, (mass,), few) for mass in INCLUSIVE]
    for k, (task, point, events) in enumerate(tasks):
        rows += task(*point, events, 10_000 * arguments.seed + k)
        write(arguments.out, rows, arguments.events, arguments.seed)


if __name__ == "__main__":
    main()
