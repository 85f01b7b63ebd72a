// The stations of a put in a tree of Go sources, as breakpoints for delve.

import { GoCode } from './go_code.ts';
import { PUT_STATIONS } from './go_symbols.ts';

/** A station with its line in the tree; undefined where the tree has none. */
export interface Breakpoint {
  readonly ours: string;
  readonly goSymbol: string;
  readonly file: string | undefined;
  /** The first line of the body. */
  readonly line: number | undefined;
}

/** Finds the counterparts of our functions below `folder`. */
export async function findBreakpoints(folder: string): Promise<Breakpoint[]> {
  const code = await GoCode.open(folder);
  return PUT_STATIONS.map(({ ours, goFiles, goSymbol }) => {
    const method = goSymbol.slice(goSymbol.indexOf('.') + 1);
    const files = code.filesWith(`) ${method}(`).filter((file) => goFiles.some((one) => file.endsWith(`/${one}`)));
    const found = files.map((file) => code.find(file, goSymbol)).find((one) => one !== undefined);
    const body = found?.node.childForFieldName('body');
    // Delve stops at a statement, not at the head of a function.
    const [first] = body?.descendantsOfType('statement_list')[0]?.namedChildren ?? [];
    return { ours, goSymbol, file: found?.file, line: first === undefined ? found?.line : first.startPosition.row + 1 };
  });
}

/** The breakpoints as commands of delve, each with the function of ours that does the same. */
export async function goBreakpoints(folder: string): Promise<string> {
  const points = await findBreakpoints(folder);
  const commands = points.map(({ ours, goSymbol, file, line }) =>
    file === undefined
      ? `# ${goSymbol} (ours: ${ours}) is not in these sources`
      : `break ${file}:${line}  # ${goSymbol}; ours: ${ours}`,
  );
  return [
    '# One put: in the folder of the sources, run  dlv debug ./server  and give it these commands.',
    ...commands,
    'continue',
  ].join('\n');
}
