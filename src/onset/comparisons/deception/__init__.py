"""Which detectors tell a model's lies from its truths?"""
