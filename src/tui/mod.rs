//! The console: terminal, input, keymap, model, update, effects, runtime, screens and widgets.
