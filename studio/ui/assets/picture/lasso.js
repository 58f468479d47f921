/** A line around what shall stay of a piece; the rest of it is cut away. */

/** Fewer points than this, or a smaller share of the board's width, are a slip. */
const LEAST_POINTS = 6;
const LEAST_SIDE = 0.02;

export class Lasso {
  /** @param {number} pointer that draws it @param {number[]} from in widths of the board */
  constructor(pointer, from) {
    Object.assign(this, { pointer, points: [from] });
  }

  /** Go on to a point; other fingers draw nothing. */
  add(pointer, point) {
    if (pointer === this.pointer) this.points.push(point);
  }

  /** The piece that most of the line lies on, the uppermost of several. */
  chooseFrom(pieces) {
    const share = (piece) => this.points.filter((point) => piece.holds(point)).length;
    const most = Math.max(0, ...pieces.map(share));
    return most ? pieces.findLast((piece) => share(piece) === most) : null;
  }

  /** Whether it goes around anything. */
  get encloses() {
    const wide = [0, 1].map((axis) => {
      const all = this.points.map((point) => point[axis]);
      return Math.max(...all) - Math.min(...all);
    });
    return this.points.length >= LEAST_POINTS && Math.min(...wide) > LEAST_SIDE;
  }

  draw(pen, across) {
    pen.beginPath();
    for (const [x, y] of this.points) pen.lineTo(x * across, y * across);
    pen.stroke();
  }
}
