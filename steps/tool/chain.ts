// The chain of steps as `steps/steps.json` describes it: order, titles, budgets, flags. Everything that needs a step's
// number, folder or neighbours asks here, so that numbers live in one place only.

import fs from 'node:fs';
import path from 'node:path';

/** The slug of the last element of the chain. */
export const FINAL = 'final';

/** One entry of `steps/steps.json`. */
export interface Step {
  /** Folder name below `steps/`; the name that pages and cases use. */
  readonly slug: string;
  readonly title: string;
  /** How many added lines, at least and at most, the diff from its neighbour should have. */
  readonly budget: { readonly added: readonly [number, number] };
  /** The flags (without dashes) that the step's server knows. */
  readonly flags: readonly string[];
  /** What it can do, for people. */
  readonly can: readonly string[];
  /** Paths that the step has and final has not, each with the reason. */
  readonly gone?: Readonly<Record<string, string>>;
}

/** One element of the chain: a step, or final at the end. */
export interface Link {
  readonly slug: string;
  /** Folder relative to the root of the repository, with forward slashes. */
  readonly folder: string;
  /** Absent for final. */
  readonly step: Step | undefined;
}

/** The whole chain of one repository. */
export interface Chain {
  /** Absolute path of the repository. */
  readonly root: string;
  /** All steps in order, then final. */
  readonly links: readonly Link[];
}

/** The root of the repository that this file belongs to. */
export const REPOSITORY = path.resolve(import.meta.dirname, '../..');

/**
 * Reads `steps/steps.json` below `root`.
 * Throws an Error that names the entry when the file is missing or has another shape.
 */
export function loadChain(root: string = REPOSITORY): Chain {
  const file = path.join(root, 'steps', 'steps.json');
  const content = JSON.parse(fs.readFileSync(file, 'utf8')) as { steps?: unknown };
  if (!Array.isArray(content.steps)) throw new Error(`${file}: "steps" is not a list`);
  const steps = content.steps.map((entry, index) => checkedStep(entry, `${file}: steps[${index}]`));
  const links = steps.map((step): Link => ({ slug: step.slug, folder: `steps/${step.slug}`, step }));
  links.push({ slug: FINAL, folder: FINAL, step: undefined });
  const seen = new Set<string>();
  for (const { slug } of links) {
    if (seen.has(slug)) throw new Error(`${file}: "${slug}" is listed twice`);
    seen.add(slug);
  }
  return { root, links };
}

/**
 * Finds an element of the chain by number (`3`, `03`), slug (`03-kv`), slug without its number (`kv`) or `final`.
 * Throws an Error that lists what there is.
 */
export function findLink(chain: Chain, name: string): Link {
  const wanted = /^\d+$/.test(name) ? Number(name) : undefined;
  const link = chain.links.find(
    ({ slug }) =>
      slug === name || slug.replace(/^\d+-/, '') === name || (wanted !== undefined && numberOf(slug) === wanted),
  );
  if (link === undefined) {
    throw new Error(`no step "${name}"; there are: ${chain.links.map(({ slug }) => slug).join(', ')}`);
  }
  return link;
}

/** The place of a slug in the chain, from 0; final is last. Throws an Error for an unknown slug. */
export function positionOf(chain: Chain, slug: string): number {
  const position = chain.links.findIndex((link) => link.slug === slug);
  if (position < 0) throw new Error(`no step has the slug "${slug}"`);
  return position;
}

/** The number in front of a slug, or undefined for final. */
export function numberOf(slug: string): number | undefined {
  const match = /^(\d+)-/.exec(slug);
  return match === null ? undefined : Number(match[1]);
}

function checkedStep(entry: unknown, where: string): Step {
  const step = entry as Partial<Step>;
  if (typeof step.slug !== 'string' || !/^\d\d-[a-z0-9-]+$/.test(step.slug)) {
    throw new Error(`${where}: "slug" must look like 03-kv`);
  }
  if (typeof step.title !== 'string' || step.title === '') throw new Error(`${where}: "title" is missing`);
  const added = step.budget?.added;
  if (!Array.isArray(added) || added.length !== 2 || !added.every(Number.isInteger)) {
    throw new Error(`${where}: "budget.added" must be [least, most]`);
  }
  if (!isTexts(step.flags)) throw new Error(`${where}: "flags" must be a list of texts`);
  if (!isTexts(step.can)) throw new Error(`${where}: "can" must be a list of texts`);
  return step as Step;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
