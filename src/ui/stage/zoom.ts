/** Zoom of the stage: how a picture that is fitted into the stage is enlarged and moved. Lengths are in CSS pixels. */
export interface ZoomView {
  /** Factor on the size of the fitted picture, 1 to `largestZoom`. */
  readonly factor: number;
  /** Distance of the picture's centre from that of the stage. */
  readonly x: number;
  readonly y: number;
}

/** Sizes on which the limits of a view depend. */
export interface ZoomFrame {
  readonly stage: ZoomExtent;
  /** Size of the picture; only its aspect ratio matters. */
  readonly picture: ZoomExtent;
}

interface ZoomExtent {
  readonly width: number;
  readonly height: number;
}

/** A point, as its distance from the centre of the stage. */
export interface StagePoint {
  readonly x: number;
  readonly y: number;
}

/** The whole picture, as large as the stage allows. */
export const wholePicture: ZoomView = { factor: 1, x: 0, y: 0 };

export const largestZoom = 8;

/** Factors that keys and buttons go through. */
const zoomSteps = [1, 1.5, 2, 3, 4, 6, largestZoom];

/** The next larger (1) or smaller (-1) factor of the steps; the last one stays. */
export function nextZoom(factor: number, direction: 1 | -1): number {
  return direction > 0
    ? (zoomSteps.find((step) => step > factor) ?? largestZoom)
    : (zoomSteps.findLast((step) => step < factor) ?? 1);
}

/** Changes the factor, so that what is shown at a point stays there as far as the limits allow. */
export function zoomedTo(
  { factor: before, x, y }: ZoomView,
  wanted: number,
  at: StagePoint,
  frame: ZoomFrame,
): ZoomView {
  const factor = Math.min(Math.max(wanted, 1), largestZoom);
  const grown = factor / before;
  return within({ factor, x: at.x - (at.x - x) * grown, y: at.y - (at.y - y) * grown }, frame);
}

/** Moves the picture. */
export function panned({ factor, x, y }: ZoomView, by: StagePoint, frame: ZoomFrame): ZoomView {
  return within({ factor, x: x + by.x, y: y + by.y }, frame);
}

/** Moves the picture back until there is no empty space on one side of it while another side is cut off. */
function within({ factor, x, y }: ZoomView, { stage, picture }: ZoomFrame): ZoomView {
  const scale = factor * Math.min(stage.width / picture.width, stage.height / picture.height);
  const clamp = (value: number, size: number, available: number) => {
    const limit = Math.max(0, (size * scale - available) / 2);
    return Math.min(Math.max(value, -limit), limit);
  };
  return {
    factor,
    x: clamp(x, picture.width, stage.width),
    y: clamp(y, picture.height, stage.height),
  };
}
