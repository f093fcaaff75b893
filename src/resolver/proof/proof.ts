import { digestOf } from '../../model/canonical.ts';
import type { Problem } from '../search/problem.ts';
import type { SearchNode } from '../search/search.ts';
import type { SolvedComponent } from '../search/solve.ts';

/**
 * A proof that no valid set is better than the one given. Everything in it is named, not numbered, so that a checker makes the
 * clauses itself. It starts where unit propagation and the removal of what nothing can ask for end.
 */
export interface ProofLog {
  readonly proofVersion: 1;
  /** One tree for each independent part, known by the first variable in it. Multipliers are whole numbers of 1/scale cost units. */
  readonly components: readonly { readonly member: string; readonly scale: number; readonly tree: ProofNode }[];
  /** Of the canonical JSON of all other fields. */
  readonly digest: string;
}

/**
 * One node of a branch tree. Its values are those of its parent, the branch taken, and what follows by propagation; where it has
 * multipliers, also what costs too much by their bound. A node without branch is a leaf: broken by propagation, or above
 * the best by its bound, or no better than the best because its names come later.
 */
export interface ProofNode {
  /** By the clause's name (`Clause.name`). */
  readonly multipliers?: Readonly<Record<string, number>>;
  readonly branch?: { readonly on: string; readonly in: ProofNode; readonly out: ProofNode };
}

/** The search trees of a solution, as a log that stands by itself. */
export function writeProof(problem: Problem, components: readonly SolvedComponent[]): ProofLog {
  const log = {
    proofVersion: 1 as const,
    components: components.map((solved) => ({
      member: problem.variables[solved.component.global[0]!]!.name,
      scale: solved.scale,
      tree: writeNode(problem, solved, solved.tree!),
    })),
  };
  return { ...log, digest: digestOf(log) };
}

function writeNode(problem: Problem, solved: SolvedComponent, node: SearchNode): ProofNode {
  const { global, set } = solved.component;
  const named = [...(node.multipliers ?? [])].map(([position, multiplier]) => {
    return [problem.clauses[set.clauses[position]!.id]!.name, multiplier] as const;
  });
  return {
    ...(named.length > 0 ? { multipliers: Object.fromEntries(named) } : {}),
    ...(node.branch
      ? {
          branch: {
            on: problem.variables[global[node.branch.on]!]!.name,
            in: writeNode(problem, solved, node.branch.in),
            out: writeNode(problem, solved, node.branch.out),
          },
        }
      : {}),
  };
}
