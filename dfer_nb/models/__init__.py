"""Networks that no single paper owns: backbones and layers."""
