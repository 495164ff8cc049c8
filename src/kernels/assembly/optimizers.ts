// Parameters and optimizer state of one generation + the reduced gradient → those of the next; every worker thread runs it.
// Each element depends on its own cells only. Hyper-parameters come as f64: what is derived from them is rounded to f32 once.

/** SGD with momentum, Nesterov and weight decay as in torch.optim.SGD; n elements. */
export function sgd(
  pNew: usize, pOld: usize, gradient: usize, momentumNew: usize, momentumOld: usize, n: usize,
  lr: f64, momentum: f64, dampening: f64, nesterov: i32, weightDecay: f64, isFirstStep: i32,
): void {
  const rate = <f32>lr, decay = <f32>weightDecay, keep = <f32>momentum, take = <f32>(1 - dampening);
  for (let i: usize = 0; i < n << 2; i += 4) {
    const p = load<f32>(pOld + i);
    let g = load<f32>(gradient + i);
    if (weightDecay != 0) g = g + decay * p;
    if (momentum != 0) {
      const v = isFirstStep ? g : keep * load<f32>(momentumOld + i) + take * g;
      store<f32>(momentumNew + i, v);
      g = nesterov ? g + keep * v : v;
    }
    store<f32>(pNew + i, p - rate * g);
  }
}

/** Adam, or AdamW where isDecoupled, as in torch.optim; n elements. */
export function adam(
  pNew: usize, pOld: usize, gradient: usize, mNew: usize, mOld: usize, vNew: usize, vOld: usize, n: usize,
  lr: f64, beta1: f64, beta2: f64, eps: f64, weightDecay: f64, isDecoupled: i32,
  biasCorrection1: f64, sqrtBiasCorrection2: f64,
): void {
  const keep1 = <f32>beta1, take1 = <f32>(1 - beta1), keep2 = <f32>beta2, take2 = <f32>(1 - beta2);
  const rate = <f32>(lr / biasCorrection1), correction = <f32>sqrtBiasCorrection2, epsilon = <f32>eps;
  const shrink = <f32>(isDecoupled ? 1 - lr * weightDecay : 1), decay = <f32>(isDecoupled ? 0 : weightDecay);
  for (let i: usize = 0; i < n << 2; i += 4) {
    let p = load<f32>(pOld + i);
    let g = load<f32>(gradient + i);
    if (decay != 0) g = g + decay * p;
    p = p * shrink;
    const first = keep1 * load<f32>(mOld + i) + take1 * g;
    const second = keep2 * load<f32>(vOld + i) + take2 * (g * g);
    store<f32>(mNew + i, first);
    store<f32>(vNew + i, second);
    store<f32>(pNew + i, p - rate * (first / (sqrt<f32>(second) / correction + epsilon)));
  }
}
