"""Rules of each codemod, one small file each."""
