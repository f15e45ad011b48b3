"""Which statements of a chapter lead to one of its results.

A result's name is found where `zoo` is asked for it. From there the names that are read
lead back to what gave them their values or changed them, and so on. Of a name that was
given anew only what is valid where it is read counts. What a statement does to a
library as a whole (a policy, a seed) is out of sight.
"""

import ast
import functools
import re

DOORS = {"trained": False, "measured": False, "sweep": True}  # True: it adds to the name
# Called for what they show: they change nothing that they are given.
_SHOW = ("print", "display", "check", "plots", "live", "zoo", "plt")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
IMPORTS = (ast.Import, ast.ImportFrom)


class Facts:
    """Hold what a statement, or a function's body, does with names.

    now: reads at once; later: reads when its functions are called; gives: names it gives
    a value; alters: names whose value it may change; touches: the same, when its
    functions are called; spoils: whether its function may change an argument.
    """

    def __init__(self, node, spoilers=()):
        self.now, self.later, self.gives = set(), set(), set()
        self.alters, self.touches, self.declared = set(), set(), set()
        self.spoils, self.spoilers = False, spoilers
        for part in node if isinstance(node, list) else [node]:
            self._visit(part)

    def _visit(self, node):
        if isinstance(node, _FUNCTIONS):
            self._function(node)
        elif isinstance(node, ast.ClassDef):
            self._class(node)
        elif isinstance(node, _COMPREHENSIONS):
            self._comprehension(node)
        else:
            self._plain(node)
            for child in ast.iter_child_nodes(node):
                self._visit(child)

    def _plain(self, node):
        if isinstance(node, ast.Name):
            (self.gives if isinstance(node.ctx, ast.Store) else self.now).add(node.id)
        elif isinstance(node, IMPORTS):
            self.gives |= {bound(alias) for alias in node.names}
        elif isinstance(node, ast.AugAssign):
            self.now |= root(node.target)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            self.gives.add(node.name)
        elif isinstance(node, ast.Global):
            self.declared |= set(node.names)
        elif isinstance(node, ast.Call):
            self._call(node, shown=False)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            self._call(node.value, shown=True)
        if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            self.alters |= root(node) if not isinstance(node, ast.Name) else set()

    def _call(self, node, shown):
        """Note what a call may change; `shown`: nobody keeps what it returns."""
        owner, name = root(node.func), getattr(node.func, "attr", None)
        name = name or getattr(node.func, "id", None)
        if owner & {*_SHOW} or not (shown or name == "fit" or name in self.spoilers):
            return
        self.alters |= owner if isinstance(node.func, ast.Attribute) else set()
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        self.alters |= {n for v in values if isinstance(v, ast.Name) for n in root(v)}

    def _function(self, node):
        given = node.args
        for part in (given.defaults, given.kw_defaults, [*_outside(node)]):
            for value in filter(None, part):
                self._visit(value)
        inner = Facts(node.body, self.spoilers)
        several = [*given.posonlyargs, *given.args, *given.kwonlyargs]
        several += filter(None, (given.vararg, given.kwarg))
        names = {argument.arg for argument in several}
        own = (names | inner.gives) - inner.declared
        self.later |= (inner.now | inner.later) - own
        self.touches |= (inner.alters | inner.touches | inner.declared) - own
        if isinstance(node, ast.Lambda):
            return
        self.gives.add(node.name)
        self.spoils = self.spoils or bool(names & (inner.alters | inner.touches))

    def _class(self, node):
        self.gives.add(node.name)
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self._visit(part)
        body = Facts(node.body, self.spoilers)
        self.now |= body.now
        self.later |= body.later
        self.touches |= body.touches

    def _comprehension(self, node):
        self._visit(node.generators[0].iter)  # read before its names are there
        parts = [*ast.iter_child_nodes(node)]
        inner = Facts(parts, self.spoilers)
        self.now |= inner.now - inner.gives
        self.later |= inner.later - inner.gives
        self.alters |= inner.alters - inner.gives
        self.touches |= inner.touches - inner.gives


def _outside(function):
    """Yield what stands at a function and is read where it is defined."""
    yield from getattr(function, "decorator_list", [])
    yield getattr(function, "returns", None)
    for node in ast.walk(function.args):
        if isinstance(node, ast.arg):
            yield node.annotation


def root(node):
    """Return the name at the root of `a.b[0].c` as a set, or an empty set."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def bound(alias):
    """Return the name that an import gives."""
    return alias.asname or alias.name.split(".")[0]


def slice_of(name, statements):
    """Return the statements that lead to result `name`, and the names they ask for.

    None where no call asks for it by a name that can be read off.
    """
    facts = _facts(statements)
    found = _sites(name, statements, facts)
    if not found:
        return None
    slices = [_back(site, statements, facts) for site in found]
    shared = set.intersection(*(used for used, _ in slices))
    said = [_score(name, [statements[i] for i in used - shared]) for used, _ in slices]
    used, asked = slices[said.index(max(said))]
    return [statements[index] for index in sorted(used)], asked


def _facts(statements):
    """Return the Facts of each statement, with what the functions it names may change."""
    found, effects, spoilers = [], {}, set()
    for statement in statements:
        fact = Facts(statement, frozenset(spoilers))
        for name in fact.now | fact.later:
            effect = effects.get(name, set())
            (fact.touches if defines(statement) else fact.alters).update(effect)
        if defines(statement):
            for name in fact.gives:
                effects[name] = fact.touches
                spoilers |= {name} if fact.spoils else set()
        found.append(fact)
    return found


def defines(statement):
    """Tell whether a statement does nothing but define what is called later."""
    called_later = isinstance(statement, (*_FUNCTIONS, ast.ClassDef))
    return called_later or isinstance(getattr(statement, "value", None), ast.Lambda)


def _back(site, statements, facts):
    """Return (indices of the statements that lead to `site`, names asked for)."""
    used, asked, seen = {site}, set(), set()
    todo = {(name, site) for name in facts[site].now | facts[site].later}
    while todo:
        name, place = todo.pop()
        if (name, place) in seen:
            continue
        seen.add((name, place))
        for index in range(place - 1, -1, -1):
            fact = facts[index]
            if name in fact.gives | fact.alters:
                used.add(index)
                asked.add(name)
                if not isinstance(statements[index], IMPORTS):
                    todo |= {(other, index) for other in fact.now}
                    todo |= {(o, p) for o in fact.later for p in (place, site)}
            if name in fact.gives and _afresh(statements[index]):
                break
    return used, asked | facts[site].now | facts[site].later


def _afresh(statement):
    """Tell whether what a statement gives has nothing left of what was there before."""
    plain = (*IMPORTS, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign)
    return isinstance(statement, plain)


def _sites(name, statements, facts):
    """Return the indices of the statements that make result `name`: the best matches."""
    doors = {door: (0, "name", many) for door, many in DOORS.items()}
    for statement in statements:  # a chapter's own function may pass a name on
        if isinstance(statement, ast.FunctionDef):
            arguments = [argument.arg for argument in statement.args.args]
            for asked, many in _asked(statement, doors):
                if isinstance(asked, ast.Name) and asked.id in arguments:
                    place = arguments.index(asked.id)
                    doors[statement.name] = (place, asked.id, many)
    found = {}
    for index, statement in enumerate(statements):
        for asked, many in _asked(statement, doors):
            pattern = _pattern(asked)
            if pattern and re.fullmatch(pattern + "(-.+)?" * many, name):
                literal = len(pattern.replace(".+", ""))  # the name in full fits best
                found.setdefault(literal, []).append(index)
    best = found[max(found)] if found else []
    return sorted({call for site in best for call in _calls(site, statements, facts)})


def _calls(site, statements, facts):
    """Return where a statement's work is done: itself, or what calls its function."""
    if not defines(statements[site]):
        return [site]
    names, found = set(facts[site].gives), []
    for index in range(site + 1, len(statements)):
        if names & (facts[index].now | facts[index].later):
            if defines(statements[index]):
                names |= facts[index].gives
            else:
                found.append(index)
    return found or [site]


def _score(name, statements):
    """Return how many words of a result's name are said in `statements`."""
    said = {word for s in statements for word in _words(ast.unparse(s))}
    return len({*_words(name)} & said)


def _words(text):
    return re.findall(r"[a-z]+|\d+", text.lower())


def _asked(statement, doors):
    """Yield (what stands for a result's name in a call of one of `doors`, many)."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", None))
            place, parameter, many = doors.get(called, (None, None, False))
            if place is not None and len(node.args) > place:
                yield node.args[place], many
            for keyword in node.keywords:
                if place is not None and keyword.arg == parameter:
                    yield keyword.value, many


@functools.singledispatch
def _pattern(node):
    """Return a regular expression for the strings an expression can give, or None."""
    return None


@_pattern.register
def _(node: ast.Constant):
    return re.escape(node.value) if isinstance(node.value, str) else None


@_pattern.register
def _(node: ast.JoinedStr):
    return "".join(_pattern(value) or ".+" for value in node.values)


@_pattern.register
def _(node: ast.BinOp):
    parts = [_pattern(side) for side in (node.left, node.right)]
    if not isinstance(node.op, ast.Add) or parts == [None, None]:
        return None
    return "".join(part or ".+" for part in parts)
