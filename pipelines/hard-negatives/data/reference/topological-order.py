def order(needs):
    """Tasks, each after those that it needs."""
    waiting = {task: set(before) for task, before in needs.items()}
    for before in needs.values():
        for task in before:
            waiting.setdefault(task, set())
    done = []
    while waiting:
        ready = sorted(task for task, before in waiting.items() if not before)
        if not ready:
            raise ValueError("tasks need each other")
        first = ready[0]
        done.append(first)
        del waiting[first]
        for before in waiting.values():
            before.discard(first)
    return done
