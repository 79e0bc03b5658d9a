/** What something costs at one size. */
export interface Point {
  readonly size: number;
  readonly cost: number;
}

/** How a cost has grown from one size to the next. */
export interface Step {
  /** The cost here as a multiple of the cost at the size before. */
  readonly ratio: number;
  /** Whether that is more than the size has grown, beyond what it costs to do nothing. */
  readonly worseThanLinear: boolean;
}

/** Linear growth may look like this much more. */
const TOLERANCE = 1.05;

/**
 * The steps between these points, in ascending order.
 *
 * A step that grows faster than its size is worse than linear for certain. One that does not may
 * still be, underneath a floor that is there whatever the size. But what sticks out of the floor
 * says nothing as long as it is no more than the noise, so it has to be as much as the floor.
 */
export function growth(points: readonly Point[]): Step[] {
  const floor = floorOf(points);
  return points.slice(1).map((point, i) => {
    const before = points[i] ?? point;
    const allowed = TOLERANCE * point.size / before.size;
    const ratio = point.cost / before.cost;
    const sticksOut = before.cost >= 2 * floor;
    const beyondFloor = (point.cost - floor) / (before.cost - floor);
    return { ratio, worseThanLinear: ratio > allowed || (sticksOut && beyondFloor > allowed) };
  });
}

/** The cost at no size, on a line through the two smallest. */
function floorOf([first, second]: readonly Point[]): number {
  if (first === undefined || second === undefined) return 0;
  const slope = (second.cost - first.cost) / (second.size - first.size);
  return Math.min(Math.max(0, first.cost - slope * first.size), first.cost);
}
