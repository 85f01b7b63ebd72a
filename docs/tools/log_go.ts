// The log calls of Go sources: zap's `lg.Info("message", zap.String("field", …))`, and the older form with a pattern,
// `r.logger.Infof("%x became leader at term %d", …)`.

import { argumentsOf, calleeName, type GoCode, type GoNode, stringOf } from './go_code.ts';
import type { LogCall } from './log_messages.ts';

const LEVEL = /^(Debug|Info|Warn|Warning|Error|Fatal|Panic)(f)?$/;
// What a log is called. Other things have methods of these names: t.Fatal, http.Error.
const LOG = /(^|\.)(lg|log|logger|Logger|plog|l)(\(\)|$)/;

// No part of what runs in production.
const ASIDE = /^(tests|tools|contrib|hack)\//;

/** All calls that write a line to the log, with `file` relative to the folder of the sources. */
export function goLogCallsOf(code: GoCode): LogCall[] {
  return code
    .filesWith('')
    .filter((file) => !ASIDE.test(file))
    .flatMap((file) =>
      code
        .root(file)
        .descendantsOfType('call_expression')
        .flatMap((call) => logCall(code, file, call) ?? []),
    );
}

function logCall(code: GoCode, file: string, call: GoNode): LogCall | undefined {
  const [, level, isPattern] = LEVEL.exec(calleeName(call) ?? '') ?? [];
  const log = call.childForFieldName('function')?.childForFieldName('operand')?.text ?? '';
  if (level === undefined || !LOG.test(log)) return undefined;
  const [message, ...fields] = argumentsOf(call);
  const parts = message === undefined ? undefined : partsOf(message, isPattern !== undefined);
  if (parts === undefined) return undefined;
  const { line, symbol, text } = code.placeOf(file, call);
  return {
    level: level.toLowerCase(),
    parts,
    fields: fields.flatMap(fieldName),
    file,
    line,
    symbol,
    text,
    caller: undefined,
  };
}

// A text, a pattern, fmt.Sprintf of a pattern, or texts that are added to something.
function partsOf(message: GoNode, isPattern: boolean): string[] | undefined {
  const text = stringOf(message);
  if (text !== undefined) return isPattern ? splitPattern(text) : [text];
  if (message.type === 'call_expression' && calleeName(message) === 'Sprintf') {
    const pattern = stringOf(argumentsOf(message)[0]);
    return pattern === undefined ? undefined : splitPattern(pattern);
  }
  if (message.type !== 'binary_expression') return undefined;
  const texts = message.namedChildren.map((one) => stringOf(one) ?? '');
  return texts.some((one) => one !== '') ? texts : undefined;
}

function splitPattern(pattern: string): string[] {
  return pattern.replace(/\\n$/, '').split(/%[-+#0 ]*\d*(?:\.\d+)?[a-zA-Z]/);
}

function fieldName(field: GoNode): string[] {
  const name = field.type === 'call_expression' ? stringOf(argumentsOf(field)[0]) : undefined;
  if (name !== undefined) return [name];
  return field.text.startsWith('zap.Error') ? ['error'] : [];
}
