import { hex, mix } from './colour.ts';
import { circle, curve, rectangle, side } from './shapes.ts';
import type { Point } from './shapes.ts';
import type { View } from './view.ts';

/** Draws fog, rain or snow in front of the land. */
export function drawWeather(view: View): void {
  const { scene, canvas, light } = view;
  const random = view.random.fork('weather');
  switch (scene.weather) {
    case 'clear':
    case 'cloudy':
      return;
    case 'fog':
      fogBank(view, random.range(0.9, 1.05) * view.horizon + 30, 0.5);
      return;
    case 'rain': {
      const slant = random.range(-0.35, 0.35);
      const drops = (count: number, length: number) => {
        let path = '';
        for (let i = 0; i < count; i++) {
          const [x, y, l] = [
            random.range(-20, side + 20),
            random.range(-10, side),
            length * random.range(0.7, 1.3),
          ];
          path += `M${x.toFixed(1)} ${y.toFixed(1)}l${(slant * l).toFixed(1)} ${l.toFixed(1)}`;
        }
        return path;
      };
      const water = light.lit(hex('#e6f0fa'), 0.55);
      canvas.stroke(drops(60, 11), water, 0.9, 0.5);
      canvas.stroke(drops(32, 19), water, 1.5, 0.6);
      return;
    }
    case 'snow': {
      const flake = mix(light.lit(hex('#ffffff'), 0.2), hex('#ffffff'), 0.4);
      let far = '';
      let near = '';
      for (let i = 0; i < 60; i++) {
        far += circle(random.range(0, side), random.range(0, side), random.range(0.9, 1.5));
      }
      for (let i = 0; i < 34; i++) {
        near += circle(random.range(0, side), random.range(0, side), random.range(1.8, 3.1));
      }
      canvas.shape(far, flake, 0.75);
      canvas.shape(near, flake, 0.9);
      return;
    }
  }
}

/** Draws a horizontal bank of fog between two layers. */
export function fogBank({ canvas, light, random }: View, y: number, opacity: number): void {
  const local = random.fork(`fog ${y.toFixed(0)}`);
  const haze = mix(light.colours.haze, light.colours.stops[2], 0.3);
  if (canvas.style === 'paper' || canvas.style === 'print') {
    const points: Point[] = Array.from({ length: 7 }, (_, i) => [-20 + i * 50, y + local.range(-6, 6)]);
    const back = [...points].reverse().map(([x, top]): Point => [x, top + local.range(12, 20)]);
    canvas.shape(`${curve(points)}L${curve(back).slice(1)}Z`, haze, opacity * 0.85);
    return;
  }
  canvas.graded(rectangle(-8, y - 26, side + 16, 56), y - 26, y + 30, [
    [0, haze, 0],
    [0.5, haze, opacity],
    [1, haze, 0],
  ]);
}
