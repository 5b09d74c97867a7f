"""Every number of the estimator and of the measurement: its unit, and why it is what it is.

Numbers only; each section belongs to the module that it names. What they do together is in
docs/why-quota.md; ``python -m benchmarks.quota_simulation`` shows what a changed one brings about.
A comment begins with the unit; "times" and "share" have none.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RampTuning:
    """``ramp``: how fast to send while nothing was refused."""

    # accepted calls, per second: with fewer than so many it goes that fast. The likeliest quotas
    # are 1 and 5 per second, where every refusal counts, so it starts slowly
    steps: tuple[tuple[int, float], ...] = ((1, 4.0), (4, 10.0), (24, 28.0))
    base: float = 20.0  # per second: after the steps, and a slope for each accepted call
    slope: float = 1.5  # per second and call: 300 per second are reached in about 2 s
    steep_from: int = 130  # accepted calls: most quotas are found by now, the others are large
    steep_slope: float = 1.75  # per second and call: from there on
    unlikely: float = 400.0  # per second: no quota above it is expected
    # times slower above that, lest thousands are refused when a large burst ends
    unlikely_slower: float = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceTuning:
    """``estimator``: when the next request may leave."""

    highest: float = 100_000.0  # per second: a bound for the arithmetic, no quota is near it
    # seconds: a late send is forgiven that; event loops are a few ms late, 25 ms are no burst
    catch_up: float = 0.025
    # seconds: while answers are on their way the pace may change; less than catch_up, or it looks
    # late
    look_again: float = 0.02
    # seconds: the server's wish is kept up to here; more would be a mistake, not a quota
    longest_retry_after: float = 30.0
    surplus_seconds: float = 2.0  # seconds: tokens above the reserve are spent within that time
    growth_seconds: float = 0.6  # seconds: the excess grows by e in that time
    # round trips: the same, where they take longer, so that few calls are in flight too many
    growth_round_trips: float = 4.0
    growth_at_most: float = 2.0  # times: what one answer makes of the excess
    least_known: float = 0.01  # share: excess to grow from where the rate was known
    least_guess: float = 0.1  # share: excess to grow from in a search
    least_fast: float = 0.4  # share: the same from ``fast`` on
    # share: and where the rate is below any likely quota, each call of which takes seconds
    least_unlikely: float = 0.4
    # per second: of a bucket of one token that is a search below so much only, for its interval is
    # found by small steps
    slow: float = 0.5
    # per second: refusals cost less than 1 % of a minute there, so a search may be bold
    fast: float = 10.0
    # share: excess on a known rate from which on growth is slower. He who took half has left by
    # then, and what is sent beyond that is refused at the end
    doubled_excess: float = 1.3
    doubled_slower: float = 3.0  # times: so much slower
    # accepted calls: with fewer a measurement is fresh, and nothing can be overdue
    fresh: int = 40
    lowered: float = 0.95  # times: a cut to less of the rate was more than a correction
    # times the pace: no less after a run of refusals where throttles are stray now and then, as it
    # may be chance, and the count reaches far back
    run_keeps: float = 0.7
    # share: excess to test for strays with; an empty bucket then refuses three calls in five
    test_excess: float = 1.5
    test_rate: float = 4.0  # per second: the least to test with, as the ramp's first calls
    # times the ceiling: a remembered rate below that is where to start; one above may be the very
    # rate that was asked for
    below_ceiling: float = 0.9
    # share: with more excess than that, what is refused may be due to it
    small_excess: float = 0.1
    expected_from: float = 0.5  # cycles: from there on a throttle is no surprise
    # calls: a search of a bucket of one token grows when it was not refused for longer
    overdue_unit_search: int = 1
    overdue_unit: float = 0.5  # cycles: the same once its rate is known; it has no reserve to spend
    # seconds: or if it is remembered and was never refused in this run, as quotas grow between runs
    overdue_recalled: float = 20.0
    # cycles: where only a share is used the bucket is never emptied, so look now and then
    overdue_share: float = 20.0
    overdue_level: float = 0.5  # count errors: if it gave so much more than it holds, growth begins
    overdue: float = 2.0  # cycles: or if no throttle came for so long
    # seconds: or if the rate is below any likely quota; twice as long each time that it is found so
    # again, as often as this at most
    overdue_unlikely: float = 20.0
    overdue_doublings: int = 5  # times: as said
    # times the rate of a bucket of one token: a higher one is gone on with from the next call on,
    # else from the one after it
    leap: float = 1.3
    # count errors: beyond what it can hold; a throttle so late measures nothing
    far_too_late: float = 4.0
    # seconds: no bucket holds more than the rate gives in that time, so what was accepted in the
    # ramp shows at least what flows in
    longest_burst: float = 10.0
    # calls: so many, all refused, and nothing is known of what the bucket holds; one in five may be
    # stray
    all_refused: int = 3
    lost_call: float = 0.5  # tokens: one without an answer took a token or none


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTuning:
    """``rate_state``: what a throttle does to rate, burst and doubt."""

    lowest: float = 0.02  # per second: a call in 50 s still finds out that a quota came back
    cycle_calls: float = 300  # calls: a throttle costs 1-3 refusals, which is under 1 % of these
    # seconds: no shorter a cycle, for where 300 calls take less, jitter makes it 3 refusals, not 1
    cycle_seconds: float = 3.0
    # calls: before the next throttle for each refusal of a search: under 1 % in a short run too
    calls_per_refusal: float = 120
    early_calls: float = 600  # calls: from the start; later it no longer counts what it cost
    # times the cycle: just after a change; what changed once will change again, and 2 % is allowed
    cycle_after_change: float = 0.3
    cycle_growth: float = 1.1  # times: a cycle without a change makes the next so much longer
    # share: by less below a whole number, a rate was lowered by calls that came early, and is that
    # number
    nearly_whole: float = 0.015
    # tokens: a smaller burst leaves no room for a reserve. One of two tokens seems to be smaller by
    # what flowed in until a call was refused, 0.6 at 2/s and long round trips
    unit_burst: float = 1.25
    recalled_doubt: float = 0.03  # share: at least; quotas change between runs, so check it soon
    count_error: float = 1.0  # tokens: a part of one is there or missing at either end of a count
    # tokens: and a count error; a search spends it at once. So does a rate below any likely quota,
    # which would wait for more for a minute
    search_reserve: float = 0.5
    hold_reserve: float = 2.0  # tokens: and twice the count error: jitter alone is not refused
    hold_reserve_errors: float = 2.0  # count errors: as said
    most_excess: float = 0.3  # share: while in doubt it sends so much too fast at most
    guess_seconds: float = 2.0  # seconds: worth of tokens that the bucket had, as a first guess
    least_guess: float = 2.0  # per second: below, it is ``commonest``
    commonest: float = 1.0  # per second: AWS's most common quota for changes
    # share: with more doubt the burst is reckoned anew from the first emptying
    burst_doubt: float = 0.02
    known_doubt: float = 0.05  # share: with less, observations that disagree mean a change
    search_doubt: float = 0.25  # share: from there on the rate is searched, not held
    interval_doubt: float = 0.01  # share: that of an interval found with a bucket of one token
    # per second: no lower before any call was accepted, for somebody else may take all tokens, and
    # leaves
    unproved: float = 0.125
    lowered: float = 0.8  # times: refused too soon for a count, the rate is that much lower
    tokens_left: float = 0.5  # tokens: in a bucket that refuses there is some part of one
    most_tokens_left: float = 0.97  # tokens: the same, reckoned where a part matters


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayTuning:
    """``stray_throttles``: when to test for throttles that have nothing to do with the rate.

    Chosen by simulation; the reasons say which way they err.
    """

    memory: float = 800.0  # calls: so long are unexplained throttles remembered: a few cycles
    recent: float = 100.0  # calls: the share refused, whatever the cause, is averaged over these
    # calls: counted as seen before the first, lest the first throttle be a share of 1
    begun_with: float = 10.0
    # answers: an overdue throttle that was none of the rate has no second so soon
    second_within: int = 8
    # throttles in ``memory``: more start a test; a search and a tenant's coming cost two or three
    unexplained: float = 2.8
    # cuts: that many brought no calm before the rate was ever confirmed; a third is too many
    fruitless: float = 2.5
    rare: float = 1.0  # throttles in ``memory``: with fewer there are no strays any more
    least_share: float = 0.005  # share: of strays; below, two runs can't be told apart
    most_share: float = 0.2  # share: of strays; above neither
    # times as many of the recent calls are refused as are strays at least
    recent_over: float = 3.0
    empty_base: float = 0.1  # share: an empty bucket refuses at least, at a small excess
    empty_strays: float = 2.0  # times: and so many as strays do
    test_strays: float = 0.15  # share: refused in a test by strays
    test_empty: float = 0.5  # share: by an empty bucket; calls are so fast that it is well over it
    # log-odds: in a test an empty bucket is e^2 times likelier, for that is the usual case
    lead: float = 2.0
    # log-odds: e^6 times likelier from an empty bucket, it is one; less is chance too often
    sure: float = 6.0
    # throttles: a test costs some ten, so one that found an empty bucket makes the next rarer
    rarer: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTuning:
    """``throttle_log``: what is kept of throttles, and how they are counted."""

    # moments: two for each event; a dozen reach back further than a quota stays the same
    kept_moments: int = 24
    # refusals: to count those sent after a moment; only in the first overshoot are there more
    kept_refusals: int = 256
    least_of_highest: float = 0.1  # times the highest rate of the interval: the rate is no less


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundsTuning:
    """``rate_bounds``: how carefully the ± is reckoned."""

    sample_spacing: float = 1.25  # times as many calls from one sample to the next
    # samples: so many of the last calls besides, for there the pace was highest
    last_samples: int = 32
    # times the likeliest rate: a greater one is not looked at, for nothing is known then
    at_most: float = 1.5
    rounds: int = 4  # steps: a greater rate means a smaller burst, and that a greater rate
    # times the mean deviation of the latency: so far off is a moment thought to be at most
    deviations: float = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketTuning:
    """``bucket_model``: what is seen of a bucket."""

    latency_answers: int = 16  # answers: over so many the latency is averaged
    sample_spacing: float = 1.25  # times as many calls from one sample of the emptying to the next
    samples: int = 64  # samples: so spaced they reach past a million calls
    likely_burst: float = 2.0  # tokens: at least, where it is not known; or a second's worth


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSearchTuning:
    """``unit_search``: how the rate of a bucket of one token is searched."""

    # times: what jitter makes of an interval; rates closer together are not told apart by trying
    jitter: float = 1.03
    shortest: float = 1e-6  # seconds: an interval, as a bound for the arithmetic
    # accepted calls: refused again within so many, the rate is still well off
    quickly: int = 8
    step: float = 0.004  # share: by which a refused rate is lowered; each quick refusal doubles it
    step_growth: float = 2.0  # times: as said
    most_step: float = 0.5  # share: as far at most; less by each call that was accepted since
    # times the good rate: where one that is too high is nearer, a token is waited for until it is
    # surely there, for little is lost; else each refusal finds out more than it costs
    near: float = 1.3
    # calls: to leave when a token is surely there after one that came too early, for the first time
    careful: int = 8
    early: float = 1.001  # times the rate: a refused call that proves no more came too early
    # times the good rate: with less in between one call in 2, 3 … seconds is a likely quota
    slow: float = 1.6
    # share of an interval: later to ask again for a token that somebody else took
    retry: float = 0.5
    retry_growth: float = 1.3  # times: as much more each time that it is gone again
    # refusals in succession where a token should have been there: somebody else may be greedy for
    # a while, but with so many the quota has fallen
    many: int = 5
    # refusals before the first token, beside the one that the search began with: a quota so low is
    # less likely than somebody else who took all, but if the next call is refused, too, it is that
    in_vain: int = 2
    # refusals: with so many it is somebody else, whatever comes of the next call; so it is where no
    # call at all was accepted yet, for who is alone finds a token at first
    in_vain_surely: int = 4
    # tokens in succession that came late, by as much: the quota has fallen to that
    alike: int = 2
    fallen: float = 4.0  # times lower: no more is concluded from one refusal
    # refusals of calls that may have come early, less calls that were accepted: half are refused
    doubtful: int = 4
    lowered: float = 0.8  # times: the rate then
    # seconds: without a refusal, until a higher rate is tried. It takes some calls until one is
    # refused, which costs no token: where it is not as sure it is asked more often
    seconds: float = 20.0
    sure_seconds: float = 60.0  # seconds: the same for a whole number with nothing beside it
    nearly: float = 0.9  # times the rate: so much was proved good
    narrow: float = 1.2  # times the rate: and so much too high; else its ± is too wide to remember
    # times: as long each time that a higher rate was refused again, lest a long job be refused once
    # a minute
    seconds_growth: float = 2.0
    longest: float = 600.0  # seconds: as long at most


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleTokenTuning:
    """``single_token``: how late a call leaves for a bucket of one token that was asked for."""

    # per second: a burst of 1 up to there is thought to be the quota's own, as AWS's most common
    # one is 1 per second. Where it holds more, so much is lost as the latency varies, of a second
    said: float = 2.0
    # per second: where more was found, calls are not spaced, for jitter is too much of an interval
    fast: float = 10.0
    low: float = 5.0  # per second: up to there an early refusal says so; jitter is little of 0.2 s
    # accepted calls: with more before the first refusal a bucket of one token would have refused
    # one by chance; as few between two refusals are too few
    few: int = 8
    # accepted calls: with no more before the first refusal the bucket is surely one of one token,
    # and a rate that is too high one that is too high for it
    at_once: int = 4
    soon: int = 1  # refusals so close together that jitter may explain; with more the rate is lower
    # share of an interval: the mean jitter; with more a refusal now and then costs less. Not up to
    # ``said``, where a refusal costs half a second and more
    most_jitter: float = 0.15
    # seconds: a call that is answered late is likely to have arrived late, but one that hangs must
    # hold nothing back
    patience: float = 2.0
    # times the mean deviation of the latency: to be later by for each refusal, as the fastest way
    # there and the fastest way back may never have come together
    spreads: float = 0.5
    most_odd: int = 2  # refusals: more say nothing of jitter
    # seconds: the shortest latency is that of one or two such periods, as ways become longer
    shortest_period: float = 60.0
    # seconds: a low rate of a bucket that seemed to hold more than a token was found so long ago,
    # by counts that may have been of late answers, that a higher one is tried
    long_ago: float = 240.0
    behind: float = 1.0  # tokens: so much less than flowed in may be taken from it when it refuses


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTuning:
    """``probe``: how fast to measure, and when it is enough."""

    sure: float = 0.02  # share: with that doubt more calls would tell nothing new
    sure_of_one: float = 0.15  # share: the same, where one whole number alone is left
    too_wide: float = 0.25  # share: from that doubt on nothing was measured
    # times the rate so far: one call in five is refused, and each says that nothing ran over
    press: float = 1.25
    press_few: float = 3.0  # times: where a few tokens are all, which run over between two calls
    few: int = 5  # tokens: as few
    margin: int = 2  # tokens: by which the rate so far may be off
    quiet: int = 12  # accepted calls: if as many go through in succession, it is too slow
    growth: float = 1.5  # times: as much faster it then becomes
    nearly_all: float = 0.9  # share of the calls that left no later: so late are answers noted
    prompt: float = 0.005  # seconds: what is that late is within ``FeasibleTuning.least_doubt``
    look_after: int = 15  # answers: so many more, or
    look_growth: float = 1.2  # times as many, until it is worth looking again
    # share of the even gap: as short is the shortest one where few tokens are all; the longest is
    # one more, so that a token is asked for just before it comes and just after
    shortest_gap: float = 0.5
    gap_step: float = 0.618034  # times the square of a call's number: the golden ratio, so that no
    # gap comes again


@dataclass(frozen=True, slots=True, kw_only=True)
class FeasibleTuning:
    """``feasible_rates``: how finely rates and bursts are told apart."""

    parts: int = 8  # parts of a delay: as to how much of it was before the decision
    # share of a delay, from and to: the same, less exactly
    halves: tuple[tuple[float, float], ...] = ((0.0, 0.5), (0.25, 0.75), (0.5, 1.0))
    # tokens: that somebody else may have taken meanwhile, or that a stray throttle did not see
    slacks: tuple[float, ...] = (0.0, 1.0, 3.0, 9.0)
    small: float = 2.0  # tokens: such a bucket runs over between two calls, and it matters when
    fine: float = 0.01  # tokens: bursts near 1 are told apart that far,
    fine_exponent: float = 1.5  # power of the burst: larger ones less
    about: float = 1.001  # times: more than halving leaves open
    halvings: int = 17  # steps: of a range of a million, as a logarithm: to 0.01 %
    slowest: float = 0.01  # per second: calls can't measure a lower quota
    fastest: float = 1e4  # per second: nor a higher one
    same: float = 0.99  # times: a bound that shrinks by less has been found
    least_doubt: float = 0.02  # share: a busy event loop notes times a few milliseconds off
    rounding: float = 1e-9  # tokens: what arithmetic loses


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """All numbers, a section for each module; vary one with ``dataclasses.replace``."""

    ramp: RampTuning = RampTuning()
    pace: PaceTuning = PaceTuning()
    rate: RateTuning = RateTuning()
    strays: StrayTuning = StrayTuning()
    log: LogTuning = LogTuning()
    bounds: BoundsTuning = BoundsTuning()
    bucket: BucketTuning = BucketTuning()
    unit_search: UnitSearchTuning = UnitSearchTuning()
    single_token: SingleTokenTuning = SingleTokenTuning()
    probe: ProbeTuning = ProbeTuning()
    feasible: FeasibleTuning = FeasibleTuning()


TUNING = Tuning()
