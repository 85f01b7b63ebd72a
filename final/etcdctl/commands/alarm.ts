// etcdctl alarm list and disarm.

import type { AlarmMember } from '../../../proto/schema.ts';
import { type CommandContext, Exit, ExitError } from '../command.ts';

export async function runAlarmList(context: CommandContext): Promise<void> {
  checkArguments(context, 'alarm list');
  const client = await context.client();
  context.printer.alarm(await client.alarmList(context.callOptions));
}

/** Ends all alarms, one after the other, and prints those that it ended. */
export async function runAlarmDisarm(context: CommandContext): Promise<void> {
  checkArguments(context, 'alarm disarm');
  const client = await context.client();
  const ended: AlarmMember[] = [];
  for (const alarm of (await client.alarmList(context.callOptions)).alarms) {
    ended.push(...(await client.alarmDisarm(alarm, context.callOptions)).alarms);
  }
  context.printer.alarm({ header: undefined, alarms: ended });
}

function checkArguments({ args }: CommandContext, command: string): void {
  if (args.length > 0) throw new ExitError(Exit.BadArgs, `${command} command accepts no arguments`);
}
