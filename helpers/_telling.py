"""A chapter's `assert` tells a reader what no longer holds, and lets the chapter go on.

The book's own runs stop at it: it proves a claim there. A reader who changed a number,
or whose graphics card adds in another order, gets the claim as a sentence in place of
an error that ends "Run all". Asserts inside of functions stay as they are. And where a
cell fails after a training was left undone because it would take long, a line says so:
often a shape of the book's own model does not fit the reader's number.
"""

import ast
import os
import sys


class Telling(ast.NodeTransformer):
    """Turn each `assert` of a cell into a look that prints what does not hold."""

    def visit_FunctionDef(self, node):
        """Leave functions alone."""
        return node

    visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = visit_FunctionDef

    def visit_Assert(self, node):
        """Return `if not (..): tell("..")` for an assert."""
        says = ast.Constant(ast.unparse(node.test))
        call = ast.Call(ast.Name("_book_tells", ast.Load()), [says], [])
        test = ast.UnaryOp(ast.Not(), node.test)
        made = ast.If(test, [ast.Expr(call)], [])
        return ast.fix_missing_locations(ast.copy_location(made, node))


def tell(claim):
    """Print that a claim of the book does not hold in this run."""
    print(f"Not so in this run: {claim}")


def explain(result):
    """Say after a failed cell that something is the book's own, if anything is."""
    yours = sys.modules.get("helpers.store.yours")
    names = sorted(yours.instead) if yours else []
    if names and result.error_in_exec is not None:
        rest = f" and {len(names) - 1} more" if len(names) > 1 else ""
        print(
            f"Perhaps because {names[0]}{rest} is still the book's own here, made with "
            "other numbers than yours: put PATIENCE = 60  # minutes into the parameter "
            "cell and run on from there, or take your number back."
        )


def begin():
    """Let the cells of a reader's session tell; in the book's own runs do nothing."""
    if "IPython" not in sys.modules or {"BOOK_STRICT", "BOOK_CHAPTER"} & set(
        os.environ
    ):
        return
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None or any(isinstance(t, Telling) for t in shell.ast_transformers):
        return
    shell.user_ns["_book_tells"] = tell
    shell.ast_transformers.append(Telling())
    shell.events.register("post_run_cell", explain)
