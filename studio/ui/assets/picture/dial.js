/** The dial between what the model dreams of a picture (0) and the picture itself (1). */
import { languages, say } from "../languages.js";
import { Slider } from "../slider.js";

/**
 * @param {string} how names the dial in the history
 * @param {{onTouch?: () => void, onMove?: (amount: number, final: boolean) => void}} hands
 */
export function faithfulDial(how, { onTouch = () => {}, onMove = () => {} } = {}) {
  const figure = (value) => `${Math.round(100 * value)} %`;
  const dial = new Slider({ how, min: 0, max: 1, step: 0.01, rest: 0.5, figure, onTouch, onMove });
  const describe = () =>
    dial.describe({
      minus: say("ui.faithful.minus"),
      plus: say("ui.faithful.plus"),
      name: say("ui.faithful"),
      figures: say("ui.faithful.hint"),
    });
  languages.addEventListener("language", describe);
  describe();
  return dial;
}
