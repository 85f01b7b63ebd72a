// Where things are in the picture: members on a ring, messages between them, and which links a drawn line crosses.

export interface Point {
  readonly x: number;
  readonly y: number;
}

export const WIDTH = 400;
export const HEIGHT = 330;
const RADIUS_X = 140;
const RADIUS_Y = 120;
/** Of the circle that is a member. */
export const MEMBER_RADIUS = 33;
// How far a message is beside the link, so that those of both directions do not meet.
const ASIDE = 7;

/** The place of member `id` of `members`; the first is at the top. */
export function placeOf(id: number, members: number): Point {
  const angle = angleOf(id, members);
  const lowest = Math.max(...Array.from({ length: members }, (_, i) => Math.sin(angleOf(i + 1, members))));
  // A ring whose lowest member is not at the bottom moves down, so that it is in the middle of the picture.
  const y = HEIGHT / 2 + RADIUS_Y * (Math.sin(angle) + (1 - lowest) / 2);
  return { x: WIDTH / 2 + RADIUS_X * Math.cos(angle), y };
}

function angleOf(id: number, members: number): number {
  return ((id - 1) / members) * 2 * Math.PI - Math.PI / 2;
}

/** Where a message is that has done `part` (0 to 1) of its way. */
export function between(from: Point, to: Point, part: number): Point {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  const start = MEMBER_RADIUS / length;
  const done = start + part * (1 - 2 * start);
  return { x: from.x + dx * done - (dy / length) * ASIDE, y: from.y + dy * done + (dx / length) * ASIDE };
}

/** Whether the lines a–b and c–d cross. */
export function doCross(a: Point, b: Point, c: Point, d: Point): boolean {
  return side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);
}

function side(a: Point, b: Point, p: Point): boolean {
  return (b.x - a.x) * (p.y - a.y) > (b.y - a.y) * (p.x - a.x);
}

/** The arc of a circle around `centre` from the top clockwise, `part` (0 to 1) of it, as the d of an SVG path. */
export function arc(centre: Point, radius: number, part: number): string {
  if (part <= 0) return '';
  const angle = Math.min(part, 0.9999) * 2 * Math.PI - Math.PI / 2;
  const end = { x: centre.x + radius * Math.cos(angle), y: centre.y + radius * Math.sin(angle) };
  const isLong = part > 0.5 ? 1 : 0;
  return `M${centre.x} ${centre.y - radius}A${radius} ${radius} 0 ${isLong} 1 ${end.x.toFixed(2)} ${end.y.toFixed(2)}`;
}
