// A walk through the calls of a Go server, by names: without types, a call of a method is followed only where one method of
// that name is in sight. What the walk reaches is reached by such a call; what it does not reach may be reached all the same.

import { calleeName, type GoCode, type GoFunction, type GoNode } from './go_code.ts';

// No part of the server.
const ASIDE = /^(tests|tools|contrib|hack|functional|integration|client|clientv3|etcdctl)\//;

/** The functions that a walk from `start` meets, as `file#name`, in the order in which it meets them. */
export function walkGo(code: GoCode, start: { readonly file: string; readonly name: string }): Map<string, number> {
  const order = new Map<string, number>();
  const first = code.find(start.file, start.name);
  if (first === undefined) return order;
  // The folder of the server: all of it but the folder and name of the file.
  const byName = functionsByName(
    code,
    start.file
      .split('/')
      .slice(0, -2)
      .map((one) => `${one}/`)
      .join(''),
  );
  const visit = (one: GoFunction): void => {
    if (order.has(goKey(one.file, one.name))) return;
    order.set(goKey(one.file, one.name), order.size);
    for (const call of one.node.descendantsOfType('call_expression')) {
      const callee = resolve(call, one, byName);
      if (callee !== undefined) visit(callee);
    }
  };
  visit(first);
  return order;
}

/** What a function is known by here. */
export function goKey(file: string, name: string): string {
  return `${file}#${name}`;
}

/** All functions below a folder by their name without a receiver. */
function functionsByName(code: GoCode, folder: string): Map<string, GoFunction[]> {
  const byName = new Map<string, GoFunction[]>();
  for (const file of code.filesWith('').filter((one) => one.startsWith(folder) && !ASIDE.test(one))) {
    for (const one of code.functions(file)) {
      const name = one.name.slice(one.name.indexOf('.') + 1);
      byName.set(name, [...(byName.get(name) ?? []), one]);
    }
  }
  return byName;
}

function resolve(call: GoNode, caller: GoFunction, byName: ReadonlyMap<string, GoFunction[]>): GoFunction | undefined {
  const name = calleeName(call);
  const candidates = name === undefined ? [] : (byName.get(name) ?? []);
  const callee = call.childForFieldName('function');
  const here = folderOf(caller.file);
  if (callee?.type === 'identifier') {
    return candidates.find((one) => folderOf(one.file) === here && !one.name.includes('.'));
  }
  const operand = callee?.childForFieldName('operand');
  const inPackage = candidates.find(
    (one) => !one.name.includes('.') && folderOf(one.file).endsWith(`/${operand?.text}`),
  );
  if (inPackage !== undefined) return inPackage;
  const methods = candidates.filter((one) => one.name.includes('.'));
  const near = methods.filter((one) => folderOf(one.file) === here);
  if (near.length === 1) return near[0];
  return methods.length === 1 ? methods[0] : undefined;
}

function folderOf(file: string): string {
  return file.slice(0, Math.max(0, file.lastIndexOf('/')));
}
