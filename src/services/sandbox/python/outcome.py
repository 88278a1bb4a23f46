"""What the end of a process and the words of the tests come to together: status, measurements, and whether it says anything at all."""


class Infrastructure(Exception):
    """It says nothing about the candidate."""


def settle(verdict, report):
    """Status and detail, where the end of the process says more than the tester can."""
    status, reason, signal = verdict["status"], report["reason"], report["signal"]
    if reason == "output_limit":
        return {"status": "output_limit", "detail": "more output than the limit"}
    if signal == 31:
        return {"status": "policy_violation", "detail": "a system call that only an escape needs"}
    if reason == "timeout_cpu" or signal == 24:
        return {"status": "timeout_cpu", "detail": "more processor time than the limit"}
    if status == "gone":
        if signal == 9 and reason is None:
            # Nobody inside can do that to the first process of a namespace: the machine is out of memory.
            raise Infrastructure("out of memory, or killed from outside")
        if signal and signal != 9:
            return {"status": "crash_signal", "detail": "signal %d" % signal}
        if reason == "done":
            return {"status": "forged", "detail": "it closed the channel and stayed"}
        return {"status": "fail_exception", "detail": "it ended with exit code %d before it had answered" % report["code"]}
    return {"status": status, "detail": verdict["detail"]}


def measured(report):
    return {name: report[name] for name in ("cpuMs", "wallMs", "peakBytes")}


def add(sums, report):
    if sums is None:
        return report
    return {
        "cpuMs": max(sums["cpuMs"], report["cpuMs"]),
        "wallMs": sums["wallMs"] + report["wallMs"],
        "peakBytes": max(sums["peakBytes"], report["peakBytes"]),
    }


def equal_text(given, wanted, exact):
    if exact:
        return given == wanted
    trim = lambda data: [line.rstrip() for line in data.rstrip().split(b"\n")]
    return trim(given) == trim(wanted)
