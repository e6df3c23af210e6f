"""Words by concept, language by language: what lets one language's attacks teach about another's."""
