"""Where everything lies in the two arrays of a Program and the two rows of a patient.

A Program is one int64 array P and one float64 array N; a patient is one int64 row I and one
float64 row F. Plain constants, so that the kernel (which Numba compiles once, for every
scenario) and `flatten.py` (which writes the arrays) share one definition.

Terms are referred to by *pc*: 0 none, negative the constant N[-pc], positive the place of
their first instruction in P.
"""

NEVER = 2**62
NULL = -(2**63)
DAY = 86_400_000_000
YEAR = 31_556_952_000_000  # 365.2425 days
MONTH = YEAR // 12

# --- header of P: scalars and offsets of tables -----------------------------------------
(
    H_START, H_END, H_HISTORY, H_N_PROC, H_N_SLOT, H_N_VAR, H_N_LEVEL, H_N_STAMP, H_N_STREAM,
    H_N_SIGNAL, H_PROC, H_STATE, H_ARROW, H_BASE, H_DIST, H_LEVEL, H_VAR, H_ENC, H_CODE,
    H_DEP_PTR, H_DEP_IDX, H_LDEP_PTR, H_LDEP_IDX, H_LIS_PTR, H_LIS_IDX, H_STREAM, H_RING,
    H_SCHEDULE, H_POP_STREAM, H_N_CELL, H_CELL, H_AGE_DIST, H_FEMALE, H_N_EARLY,
    I_STATE, I_NEXT, I_PICK, I_DUE, I_WAKES, I_LWAKE, I_LSINCE, I_STAMP, I_RING, I_COUNT,
    I_QUEUE, I_DIRTY, I_SIZE,
    F_VAR, F_E, F_M, F_H, F_S, F_DEV, F_ACC, F_SLOPE, F_SIGNAL, F_STACK, F_SIZE,
    H_SYM_VAR, H_SYM_STAMP, H_SYM_RING, H_SYM_LEVEL, H_SYM_SIGNAL, H_N_COMMUNITY, H_PATIENTS,
    H_SIG_TERM, I_CLEAR, F_CLEAR, I_BLOCK, H_N_BLOCK, F_FIRST, F_SECOND, H_N_CLOCK,
) = range(73)  # fmt: skip
HEADER = 74
LANES = 4  # streams whose first block is worked out together; their tables have room for a last group
READY = -1  # in place of a stream's count: block 0 is worked out, its first draw is next

# --- columns of the tables in P ----------------------------------------------------------
(P_STATE0, P_NSTATE, P_LATENT, P_SLOT0) = range(4)
PROC_W = 4
(S_ARROW0, S_NARROW, S_ENTRY, S_CHANCE, S_STREAM, S_LOCAL) = range(6)
STATE_W = 6
(
    A_KIND, A_TARGET, A_STREAM, A_ACTIONS, A_TERM, A_STRATUM, A_BASE, A_DIST, A_YEARS,
    A_EVENT, A_PROB, A_TRUTH, A_PROC, A_FROM,
) = range(14)  # fmt: skip
ARROW_W = 14
(B_KIND, B_N, B_KNOTS, B_RATES, B_CUM, B_UNIFORM) = range(6)
BASE_W = 6
(D_KIND, D_P0, D_P1, D_N) = range(4)
DIST_W = 4
(L_CODE, L_DEV_STREAM, L_NOISE_STREAM, L_VALUE, L_SLOPE, L_DEV_SD, L_NOISE_SD, L_LOW, L_HIGH,
 L_SCALE, L_LAST, L_ENC) = range(12)  # fmt: skip
LEVEL_W = 12
(V_NCAT, V_WEIGHTS, V_DIST, V_STREAM, V_LOW, V_HIGH, V_RECORDED, V_CODE) = range(8)
VAR_W = 8
(N_PRIORITY, N_DIST, N_CODE, N_STREAM) = range(4)
ENC_W = 4
RING_W = 2  # offset in I, capacity
SCHEDULE_W = 16  # place and number of (instant, offset) pairs in P, then opens and closes of Monday … Sunday
LASTING, ONCE = 1, 2  # flags of a code
CELL_W = 4  # sex, low (whole years), high (whole years), index in N of the cumulative weight

# --- kinds -------------------------------------------------------------------------------
(K_RATE, K_AFTER, K_WHEN, K_AGE, K_EVENT, K_CHANCE) = range(6)
(BASE_CONSTANT, BASE_AGE, BASE_CALENDAR, BASE_GOMPERTZ) = range(4)
(
    FIXED, UNIFORM, NORMAL, EXPONENTIAL, WEIBULL, GAMMA, LOGNORMAL, BETA, EMPIRICAL,
    OPENING,
) = range(10)  # fmt: skip

# --- instructions of terms: (op, a, b, c) --------------------------------------------------
TERM_W = 4
(
    T_END, T_CONST, T_VAR, T_STATE, T_AGE, T_AGE_GE, T_TIME_GE, T_SINCE_GE, T_SINCE_LT,
    T_STAMPED, T_COUNT_GE, T_LEVEL, T_LEVEL_GE, T_SIGNAL, T_LOOKUP, T_PICK, T_ADD, T_SUB, T_MUL, T_DIV,
    T_POW, T_ROUND, T_NEG, T_LT, T_LE, T_GT, T_GE, T_EQ, T_NE, T_AND, T_OR, T_NOT, T_MIN, T_MAX, T_EXP,
    T_LOG, T_SQRT, T_JUMP, T_JUMP_UNLESS, T_AND_SKIP, T_OR_SKIP, T_SKIP_UNLESS_IN,
) = range(42)  # fmt: skip
(X_AGE, X_MONTH, X_YEAR, X_VAR) = range(4)
AXIS_W = 3  # kind, size; place of ages in N, of instants in P (0: months of UTC), or index of the variable

# --- instructions of actions: (op, a, b, c, d) ---------------------------------------------
ACT_W = 5
(
    C_END, C_VISIT, C_EMIT, C_MEASURE, C_DRAW, C_SET, C_STAMP, C_PUSH, C_RAISE, C_DIE, C_IF,
    C_CLOSE,
) = range(12)  # fmt: skip

# --- fixed head of a patient's int row I: first what outlives a patient -----------------------
(
    R_EVENTS, R_ENCOUNTERS, R_TRUTHS, R_EVENT_ROOM, R_ENCOUNTER_ROOM, R_TRUTH_ROOM, FIRST_CLEARED,
) = range(7)  # fmt: skip
(
    R_PATIENT, R_ATTEMPT, R_BIRTH, R_ALIVE, R_DEATH, R_CAUSE, R_ENTRY, R_BYEAR, R_BOFFSET, R_BLAST,
    R_T0, R_ENC, R_ENC_START, R_ENC_END, R_ENC_NUMBER, R_ENC_COUNT, R_ENC_WRITTEN, R_WAKE,
    R_QHEAD, R_QTAIL, R_ERROR, R_NDIRTY, R_ARROW, R_AGE_AT, R_SAME, R_INSTANT, R_K0, R_K1,
    R_COMMUNITY, R_SEX, R_LISTENER, R_TAKEN, R_ENTERING, R_NOW, R_AGAIN,
    R_ENC_ARROW, R_LEVEL_WAKE, R_AIMED,
) = range(FIRST_CLEARED, FIRST_CLEARED + 38)  # fmt: skip
ROW_HEAD = 48
R_AGE = 0  # in F: age at I[R_AGE_AT]
R_OLDEST = 1  # in F: an age that is not reached within the period
F_HEAD = 2

BLOCK = 8  # processes whose earliest instant is kept together
QUEUE = 1024  # events waiting to be handled at one instant
STACK = 64

# --- errors the kernel reports in I[R_ERROR] -------------------------------------------------
(OK, FULL, CYCLE, QUEUE_FULL, BAD_PARAMETER) = range(5)
HOVERING = 2  # microseconds: a level that changes its slope again so soon is held where it is
SAME_INSTANT_LIMIT = 100_000
ATTEMPT_LIMIT = 100_000
