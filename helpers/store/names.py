"""What the statements of a chapter do with names: read them, give them, change them."""

import ast
import builtins
import dataclasses
import functools

IMPORTS = (ast.Import, ast.ImportFrom)
BUILTINS = frozenset(dir(builtins))
_CHANGE = ("fit", "shuffle", "at", "copyto")  # they change what they are given
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclasses.dataclass
class Known:
    """Hold the names of what was imported, and of functions that change an argument."""

    libraries: set
    spoilers: set


class Facts:
    """Hold what a statement, or a function's body, does with names.

    now: what it reads at once; later: when its functions are called; gives: what it
    gives a value; alters: what it may change; touches: what it may when its functions
    are called; declared: globals; spoils: whether its function may change an argument.
    """

    def __init__(self, node, known):
        self.now, self.later, self.gives = set(), set(), set()
        self.alters, self.touches, self.declared = set(), set(), set()
        self.spoils, self.known = False, known
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
        name = getattr(node.func, "attr", getattr(node.func, "id", None))
        owner = root(node.func) if isinstance(node.func, ast.Attribute) else set()
        mine = owner - self.known.libraries - BUILTINS  # super().__init__(): not super
        if mine and (shown or name in _CHANGE):
            self.alters |= mine
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        if name in _CHANGE:  # rng.shuffle(x), fit(model, ..), not model.fit(images)
            values = [] if mine and name == "fit" else values[:1]
        elif name not in self.known.spoilers:
            return
        self.alters |= {value.id for value in values if isinstance(value, ast.Name)}

    def _function(self, node):
        given = node.args
        for part in (given.defaults, given.kw_defaults, [*_outside(node)]):
            for value in filter(None, part):
                self._visit(value)
        inner = Facts(node.body, self.known)
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
        body = Facts(node.body, self.known)
        self.now |= body.now
        self.later |= body.later
        self.touches |= body.touches

    def _comprehension(self, node):
        self._visit(node.generators[0].iter)  # read before its names are there
        parts = [*ast.iter_child_nodes(node)]
        inner = Facts(parts, self.known)
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


@functools.lru_cache(maxsize=20)
def facts_of(statements):
    """Return the Facts of each statement, with what its calls may change."""
    found, effects, known = [], {}, Known(set(), set())
    for statement in statements:
        fact = Facts(statement, known)
        for name in fact.now | fact.later:
            effect = effects.get(name, set())
            (fact.touches if defines(statement) else fact.alters).update(effect)
        if defines(statement):
            for name in fact.gives:
                effects[name] = fact.touches
                known.spoilers |= {name} if fact.spoils else set()
        if isinstance(statement, IMPORTS):
            known.libraries |= fact.gives
        else:
            known.libraries -= fact.gives
        fact.alters -= known.libraries
        found.append(fact)
    return found


def defines(statement):
    """Tell whether a statement does nothing but define what is called later."""
    called_later = isinstance(statement, (*_FUNCTIONS, ast.ClassDef))
    return called_later or isinstance(getattr(statement, "value", None), ast.Lambda)
