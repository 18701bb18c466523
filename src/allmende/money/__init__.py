"""The money of the programme: plans, bookings, draw-downs, proof of use."""
